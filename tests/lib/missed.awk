# From lcov's tracefile: each line of the source tree TOP (with its slash) that has a branch which
# no test took, with how many of how many. With refusals.awk.

BEGIN { FS = "[:,]" }
/^SF:/ {
    file = substr($0, 4)
    inside = index(file, top) == 1 && index(file, top "tests/") != 1 && file ~ /\.c$/
    name = substr(file, length(top) + 1)
    if (inside) read_text(file)
}
inside && $1 == "BRDA" {
    place = $2
    all[place]++
    if ($5 + 0 > 0) taken[place]++
}
/^end_of_record/ && inside {
    for (place in all)
        if (taken[place] + 0 < all[place] - has_refusal(place) && !of_glib(text[place]))
            printf "%s:%d: %d of %d: %s\n", name, place, taken[place], all[place],
                   trimmed(text[place]) | "sort -t: -k1,1 -k2,2n"
    delete all
    delete taken
}
function trimmed(line)
{
    sub(/^[ \t]+/, "", line)
    return line
}
