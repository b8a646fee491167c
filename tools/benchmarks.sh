#!/bin/sh
# Runs every benchmark; the ones that read measured data are skipped unless their folder is named.
# Usage: tools/benchmarks.sh PYTHON [FOLDER]
set -eu
python=$1
data=${2:-}

for script in $(grep -l __main__ benchmarks/*.py); do
    echo "== $script"
    if ! grep -q -e '"--data"' "$script"; then
        "$python" "$script"
    elif [ -n "$data" ]; then
        "$python" "$script" --data "$data"
    else
        echo "skipped, it needs measured data: make bench DATA=folder"
    fi
done
