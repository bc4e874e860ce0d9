set -euo pipefail
cd /dump
cat dump.json
want=$(sed -n 's/.*"sha256":"\([0-9a-f]*\)".*/\1/p' dump.json)
got=$(sha256sum < dump.sql | cut -d' ' -f1)
if [ "$want" != "$got" ]; then echo "digest of the restored dump: $got, expected $want" >&2; exit 3; fi
client="mariadb --host=$DATABASE_HOST --port=$DATABASE_PORT --user=openmrs --connect-timeout=5"
$client < dump.sql
$client -N -B openmrs -e "select json_object('patient', (select count(*) from patient), 'visit', (select count(*) from visit), 'encounter', (select count(*) from encounter), 'obs', (select count(*) from obs))"
