#!/bin/bash
# Makes /opt/orderhub from the wheels: the packages of one list, then our own.
#
#   install.sh LIST DISTRIBUTION...
set -euo pipefail
list=$1
shift
python -m venv --without-pip /opt/orderhub
install() {
    python -m pip --python /opt/orderhub/bin/python install --no-index --no-deps --no-compile \
        --find-links /wheels "$@"
}
install -r "docker/requirements/$list.txt"
install "$@"
/opt/orderhub/bin/python -m compileall -q -j 0 /opt/orderhub
