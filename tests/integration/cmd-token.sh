#!/bin/sh
# The recipe of doc/recipes.md: OAuth tokens from a command that renews them, taken by a real Dovecot.
. "${srcdir:-.}/tests/lib/tap.sh"
world "$0"
. "$srcdir/tests/lib/user.sh"

provider=$TESTDIR/provider
mkdir -p $provider
echo 3600 >$provider/seconds
company_make
# Dovecot asks the provider about each token; Postfix asks Dovecot.
sed -i -e 's/^auth_mechanisms = .*/auth_mechanisms = plain login oauthbearer xoauth2/' \
    -e "s|^passdb {|passdb {\n  driver = oauth2\n  mechanisms = oauthbearer xoauth2\n  args = $COMPANY/oauth2.conf\n}\n&|" $COMPANY/dovecot.conf
cat >$COMPANY/oauth2.conf <<END
introspection_mode = post
introspection_url = http://127.0.0.1:8480/introspect
active_attribute = active
active_value = true
username_attribute = username
scope = mail
END
/usr/bin/python3 "$srcdir/tests/lib/token-server.py" $provider 2>$TESTDIR/provider.err &
company_wait 127.0.0.1 8480
company_start
log=$COMPANY/dovecot/log
user_ready john
company_fill john --count 3
company_person mary
company_introduce john mary
config=$(user_config john)

# As the recipe says.
file=$COMPANY/home/john/.config/postern/work.token
command="$srcdir/doc/recipes/oauth-token"
cat >"$file" <<END
{"token_url": "http://127.0.0.1:8480/token", "device_url": "http://127.0.0.1:8480/device",
 "client_id": "b7c1-postern", "scope": "mail offline_access"}
END
sed -i "s|^secret = .*|secret = command:$command $file|" "$config"
user_uri john fetch 'imaps://john;AUTH=XOAUTH2@mail.corp.example/'
user_uri john submit 'smtps://john;AUTH=XOAUTH2@mail.corp.example'
asked() { grep -c "^token refresh_token $1" $provider/log; }
sends() { run_with 'Text.' as john postern send --to mary.jones@corp.example --subject x --no-sign --no-encrypt --body -; }

run as john fetchd --once
code_is 78 'a file that others can read'
err_has 'can be read by others: chmod 600 it' 'is refused by the command, in its own words'
chmod 600 "$file"
run as john fetchd --once
code_is 78 'without a sign-in there is no token'
err_has 'run oauth-token --sign-in' 'and the command says what to do'

(sleep 2; touch $provider/approved) &
run as john "$command" --sign-in "$file"
code_is 0 'signing in by a code'
err_has 'open https://login.corp.example/device and type ABCD-EFGH' 'which is shown'
is "$(cat $out)" '' 'prints no token'
is "$(stat -c %a "$file")" 600 'and the file stays private'

for mechanism in XOAUTH2 OAUTHBEARER; do
    for server in imaps pops; do
        user_uri john fetch "$server://john;AUTH=$mechanism@mail.corp.example"
        : >$log
        run as john fetchd --once
        code_is 0 "$server: logs in by $mechanism"
        is "$(grep -o 'Login: user=<john>, method=[A-Z0-9]*' $log)" "Login: user=<john>, method=$mechanism" "$server: and Dovecot says so"
    done
    for server in smtps submission; do
        user_uri john submit "$server://john;AUTH=$mechanism@mail.corp.example"
        : >$COMPANY/postfix/log
        sends
        code_is 0 "$server: sends by $mechanism"
        ok grep -q "sasl_method=$mechanism, sasl_username=john" $COMPANY/postfix/log -- "$server: and Postfix says so"
    done
done
is "$(user_ids john folder:INBOX | wc -l)" 3 'the mail is here'
is "$(asked '')" 0 'a token that is good for an hour is not renewed'

# The token ends: the next login gets a fresh one.
/usr/bin/python3 -c "
import json
d = json.load(open('$file')); d['ends'] = 0; json.dump(d, open('$file', 'w'))"
user_uri john fetch 'imaps://john;AUTH=XOAUTH2@mail.corp.example/'
run as john fetchd --once
code_is 0 'a token that has ended is renewed before it is used'
is "$(asked 200)" 1 'once'
run as john fetchd --once
is "$(asked 200)" 1 'and used again'
before=$(sed -n 's/.*"refresh_token": //p' "$file")
echo 1 >$provider/seconds
/usr/bin/python3 -c "
import json
d = json.load(open('$file')); d['ends'] = 0; json.dump(d, open('$file', 'w'))"
run as john fetchd --once
code_is 0 'one that is good for a second'
sleep 1.1
run as john fetchd --once
code_is 0 'is renewed for the next login'
is "$(asked 200)" 3 'each time'
ok [ "$before" != "$(sed -n 's/.*"refresh_token": //p' "$file")" ] -- 'the new refresh token is kept: the old one is good once'

# Refused: the provider says an hour, and takes it back after a second.
echo 1 3600 >$provider/seconds
run as john fetchd --once
code_is 0 'a token'
sleep 1.1
for server in imaps pops; do
    user_uri john fetch "$server://john;AUTH=OAUTHBEARER@mail.corp.example"
    as john postern -q password retry work
    run as john fetchd --once
    code_is 77 "$server: a token that was taken back is a refused login"
    err_has 'the token is not valid here, or no longer ("invalid_token"' "$server: with the server's reason in words"
done
user_uri john submit 'smtps://john;AUTH=OAUTHBEARER@mail.corp.example'
as john postern -q password retry work
sends
code_is 77 'smtps: likewise'
err_has 'the token is not valid here, or no longer ("invalid_token"' 'smtps: with the reason'
user_uri john fetch 'imaps://john;AUTH=OAUTHBEARER@mail.corp.example/'
as john postern -q password retry work
run as john fetchd --once
: >$log
run as john fetchd --once
err_has 'login.blocked' 'p3: 35: the same token is not tried again'
is "$(grep -c 'auth failed' $log)" 0 'p3: 35: nor does the server hear of it'
echo 3600 >$provider/seconds
/usr/bin/python3 -c "
import json
d = json.load(open('$file')); d['ends'] = 0; json.dump(d, open('$file', 'w'))"
run as john fetchd --once
code_is 0 'a fresh one is, without anybody saying so'
err_lacks eyJ0 'no token is shown'

# The provider refuses.
/usr/bin/python3 -c "
import json
d = json.load(open('$file')); d['ends'] = 0; d['refresh_token'] = 'used'; json.dump(d, open('$file', 'w'))"
: >$log
run as john fetchd --once
code_is 78 'a refresh token that has ended'
err_has 'oauth-token: invalid_grant: AADSTS70008: The refresh token has expired.$' 'is told in the provider'"'"'s words'
is "$(grep -c 'rip=' $log)" 0 'and no server is asked'
sed -i 's|http://127.0.0.1:8480/token|http://10.66.0.1/token|' "$file"
run as john "$command" "$file"
code_is 1 'a provider without TLS'
err_has 'not https' 'is given no secret'
done_testing
