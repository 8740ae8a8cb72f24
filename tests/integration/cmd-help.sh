#!/bin/sh
# Help: for the whole and for each command, by three ways of asking, and before there is anything.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
HOME=$TESTDIR
export HOME

run postern help
code_is 0 'help lists the commands'
cp $out $TESTDIR/commands
is "$(wc -c <$err)" 0 'and has nothing to complain of'
commands=$(sed -n 's/^  \([a-z]*\) .*/\1/p' $TESTDIR/commands)
ok [ "$(echo "$commands" | wc -l)" -ge 14 ] -- 'all of them'
run postern --help
code_is 0 '--help'
out_has "'postern help' lists the commands" 'says how to go on'
out_has '^  --json ' 'and names the options of every command'
run postern -h
code_is 0 '-h does too'
run postern --version
code_is 0 '--version'
out_has '^postern [0-9]' 'tells the version'

for command in $commands; do
    run postern help "$command"
    code_is 0 "help $command"
    cp $out $TESTDIR/help
    out_has "^  postern $command " 'gives its usage'
    out_has '^  --config=FILE' 'and the options of every command'
    for flag in --help -h; do
        run postern "$command" $flag
        code_is 0 "$command $flag"
        ok cmp -s $out $TESTDIR/help -- 'says the same'
    done
    ok grep -q "^\.It Cm .*\<$command\>" $srcdir/doc/postern.1 -- "postern(1) describes $command"
done
run postern search --limit 3 --help
code_is 0 'help is given among other options'
out_has '^  --limit=N' 'with those of the command'
run postern -q help
ok [ -s $out ] -- 'and to whoever is quiet'

# near WRITTEN MEANT
near() {
    run postern "$1"
    code_is 64 "$1 is no command"
    err_has "there is no command '$1' (usage): did you mean '$2'?" "but near to $2"
    is "$(wc -l <$err)$(wc -c <$out)" 10 'in one line of words'
}
near serach search
near SEND send
near unlok unlock
near conf config
near statsu status
run postern help serach
code_is 64 'help has nothing on a command that is none'
err_has "did you mean 'search'" 'but names the nearest'
for word in quetzalcoatl '' "$(printf '\033[31m')" "$(printf '\377')" "$(printf 'x%.0s' $(seq 5000))"; do
    run postern "$word"
    code_is 64 'a word far from all'
    err_has "'postern help' lists them" 'is sent to the list'
    ok [ "$(wc -c <$err)" -lt 200 ] -- 'in few words'
    is "$(tr -d -c '\033\377' <$err | wc -c)" 0 'p8: and reaches the terminal without its controls'
done
run postern help search show
code_is 64 'help explains one command at a time'
err_has "takes no argument 'show'" 'and names what is too much'
run postern
code_is 64 'no command at all'
done_testing
