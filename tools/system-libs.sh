#!/bin/sh
# Installs what a napari window needs under Xvfb on Debian and Ubuntu: the libraries that Qt's xcb plugin links to,
# and OpenGL in software. Does nothing when all are there, or on a system without dpkg.
set -eu

needed="xvfb xauth libegl1 libgl1 libglx-mesa0 libgl1-mesa-dri libdbus-1-3 libfontconfig1
    libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
    libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1"

installed() { dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

# Debian 13 and Ubuntu 24.04 renamed this one when time_t became 64 bits wide.
glib() { if apt-cache show libglib2.0-0t64 >/dev/null 2>&1; then echo libglib2.0-0t64; else echo libglib2.0-0; fi; }

missing() {
    for package in $needed; do
        installed "$package" || printf ' %s' "$package"
    done
    installed libglib2.0-0t64 || installed libglib2.0-0 || printf ' %s' "$(glib)"
}

command -v dpkg-query >/dev/null 2>&1 || exit 0
[ -n "$(missing)" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "The tests open a napari window and need system libraries that are not installed. Run this line, then try again:" >&2
    echo "sudo apt-get update && sudo apt-get install -y --no-install-recommends$(missing)" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo "Installing system libraries for the napari window:$(missing)"
apt-get update -qq || echo "apt-get update failed; trying with the package lists that are here" >&2
# shellcheck disable=SC2046  # one word per package; asked again because the update may have made glib's new name known
apt-get install -y -qq --no-install-recommends $(missing)
