# Ready: it takes transactions, and it belongs to the side that has the majority.
set -eu
status=$(mariadb -N -B -e "select group_concat(variable_value order by variable_name) from information_schema.global_status where variable_name in ('wsrep_cluster_status', 'wsrep_ready')")
[ "$status" = Primary,ON ]
