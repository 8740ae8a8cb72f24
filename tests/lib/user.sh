# user — john or mary with Postern set up. Needs tap.sh, company.sh and the built programs.
#
#   user_ready NAME [FETCH [SUBMIT]]   key, `postern init` and `postern password set`
#   user_line NAME LINE…               adds lines to the account's section
#   user_uri NAME FETCH|SUBMIT URI     changes that line of the configuration by hand
#   user_ids NAME QUERY…               ids, one a line, newest first
#   user_json NAME EXPRESSION QUERY…   a Python expression over the search result `d`
#   traced NAME FILE COMMAND…          runs it; FILE has every network call of it and its children
#   opened_socket, lacks_socket FILE   was an internet socket opened? (look-ups count)

user_ready() {
    [ -f "$COMPANY/home/$1/.fingerprint" ] || company_person "$1"
    as "$1" postern -q init --account work --address "$(company_full_name "$1") <$(company_address "$1")>" \
        --fetch "${2-imaps://$1@mail.corp.example/}" --submit "${3-smtps://$1@mail.corp.example}" \
        --company-domain corp.example --ca-file $COMPANY_CA --key "$(company_key "$1")" || return
    company_password "$1" | as "$1" postern -q password set work
}

user_config() { echo "$COMPANY/home/$1/.config/postern/config"; }

user_line() {
    user_file=$(user_config "$1")
    shift
    printf '%s\n' "$@" >>"$user_file"
}

user_uri() {
    sed -i "s|^$2 = .*|$2 = $3|" "$(user_config "$1")"
}

user_ids() {
    user_name=$1
    shift
    as "$user_name" postern --json search --limit 0 "$@" 2>/dev/null |
        /usr/bin/python3 -c 'import json,sys; [print(hit["id"]) for hit in json.load(sys.stdin)]'
}

user_json() {
    user_name=$1
    user_expression=$2
    shift 2
    as "$user_name" postern --json search --limit 0 "$@" 2>/dev/null |
        /usr/bin/python3 -c "import json,sys; d = json.load(sys.stdin); print($user_expression)"
}

# Leak checking cannot work under strace.
traced() {
    (
        traced_name=$1
        traced_file=$2
        shift 2
        ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
        as "$traced_name" strace -f -qq -e trace=network -o "$traced_file" "$@"
    )
}

opened_socket() { grep -q -E 'socket\(AF_(INET|INET6|NETLINK|PACKET)|connect\(.*AF_INET' "$1"; }
lacks_socket() { [ -f "$1" ] && ! opened_socket "$1"; }
