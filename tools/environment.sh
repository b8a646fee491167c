#!/bin/sh
# Makes a virtual environment, or leaves the one alone that is already there for the same Python.
# Usage: tools/environment.sh PYTHON FOLDER
set -eu
python=$1
folder=$2

stop() {
    printf '%s\n' "$*" >&2
    exit 1
}

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

found=$(version "$python") ||
    stop "'$python' is not here or does not run. Install Python 3.11 or newer, or name yours: make PYTHON=python3.12 ..."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "'$python' is Python $found, but napari-deconv needs 3.11 or newer. Name a newer one: make PYTHON=python3.12 ..."
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "'$python' comes without its venv module. On Debian and Ubuntu: sudo apt-get install python$found-venv"

if [ -x "$folder/bin/python" ] && [ "$(version "$folder/bin/python")" = "$found" ]; then
    exit 0
fi
[ -f "$folder/pyvenv.cfg" ] || [ ! -e "$folder" ] ||
    stop "'$folder' is there but is no environment of Python. Move it away, or name another: make VENV=folder ..."
echo "Making the environment $folder with Python $found"
"$python" -m venv --clear "$folder" || { rm -rf "$folder"; exit 1; }
