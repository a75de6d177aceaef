#!/bin/sh
# Prints the folder of the newest PostgreSQL server programs on this machine, or fails.
set -eu

# Debian keeps the server out of PATH, and what is in PATH may be a wrapper that picks a cluster.
newest=$(
    for folder in /usr/lib/postgresql/*/bin; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/psql" ]; then
            echo "$folder"
        fi
    done | sort -V | tail -n 1
)
if [ -z "$newest" ]; then
    initdb=$(command -v initdb)
    newest=$(dirname "$initdb")
fi
echo "$newest"
