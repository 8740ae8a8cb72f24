#!/bin/sh
# Makes ./configure from configure.ac.
set -eu
cd "$(dirname "$0")"
autoreconf --install --force --warnings=all
# configure removes core, which is a dump to it and a folder to us.
sed 's/rm -f core /rm -f /' configure >configure.tmp
cat configure.tmp >configure
rm configure.tmp
