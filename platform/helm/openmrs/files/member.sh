set -eu
data=/var/lib/galera/data
first=galera-0
members="galera-0.$DOMAIN"
for i in $(seq 1 $((MEMBERS - 1))); do members="$members,galera-$i.$DOMAIN"; done
mkdir -p "$data"
listening() { (exec 3<>"/dev/tcp/$1/4567") 2>/dev/null; }
new=no
if [ ! -d "$data/mysql" ]; then
  new=yes
  mariadb-install-db --datadir="$data" --auth-root-authentication-method=socket \
    --auth-root-socket-user=mysql --skip-test-db > /dev/null
fi
join="gcomm://$members"
if [ "$MEMBERS" = 1 ]; then
  join="gcomm://"
elif [ "$ME" = "$first" ] && [ "$new" = yes ]; then
  # Only the first member of a cluster that never was may begin one: with any other
  # alive it joins, or an empty volume would make a second cluster.
  alone=yes
  for i in $(seq 1 $((MEMBERS - 1))); do
    if listening "galera-$i.$DOMAIN"; then alone=no; fi
  done
  if [ "$alone" = yes ]; then join="gcomm://"; fi
elif [ "$new" = yes ]; then
  tries=0
  until listening "$first.$DOMAIN"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ]; then echo "no first member to join after 60 s" >&2; exit 1; fi
    sleep 0.2
  done
fi
if [ "$join" = "gcomm://" ] && [ "$new" = yes ]; then
  mariadbd --bootstrap --datadir="$data" --wsrep-on=OFF <<SQL
flush privileges;
create database if not exists openmrs character set utf8mb4 collate utf8mb4_general_ci;
create user openmrs@'%' identified by '$OPENMRS_PASSWORD';
grant all on openmrs.* to openmrs@'%';
create user backup@'%' identified by '$BACKUP_PASSWORD';
grant select, show view, trigger, event, lock tables, reload, process on *.* to backup@'%';
${MONITOR_PASSWORD:+create user monitor@'%' identified by '$MONITOR_PASSWORD' with max_user_connections 3;}
SQL
fi
exec mariadbd --datadir="$data" --bind-address=0.0.0.0 \
  --character-set-server=utf8mb4 --collation-server=utf8mb4_general_ci \
  --default-storage-engine=InnoDB --innodb-autoinc-lock-mode=2 --binlog-format=ROW \
  --innodb-flush-log-at-trx-commit=1 --innodb-buffer-pool-size=96M \
  --innodb-log-file-size=32M --max-connections=200 --max-allowed-packet=64M \
  --skip-name-resolve --default-time-zone=+00:00 --performance-schema=OFF \
  --wsrep-on=ON --wsrep-provider=/usr/lib/galera/libgalera_smm.so \
  --wsrep-provider-options="gcache.size=64M" \
  --wsrep-cluster-name=openmrs --wsrep-cluster-address="$join" \
  --wsrep-node-address="$IP" --wsrep-node-name="$ME" --wsrep-sst-method=rsync
