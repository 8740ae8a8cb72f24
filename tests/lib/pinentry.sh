#!/bin/sh
# A pinentry that always knows the passphrase of gnupg-home.sh's locked key.
echo OK at your service
while read -r command _; do
    case $command in
    GETPIN) printf 'D locked\nOK\n' ;;
    BYE)
        echo OK
        exit
        ;;
    *) echo OK ;;
    esac
done
