# Lines and branches in percent, from lcov's tracefile: by folder (depth=1) or by file (depth=2).
# TOP is the source tree, with its slash. Tests do not count, nor do headers, whose code is what
# GLib's macros make. With refusals.awk.

BEGIN { FS = "[:,]" }
/^SF:/ {
    file = substr($0, 4)
    inside = index(file, top) == 1 && index(file, top "tests/") != 1 && file ~ /\.c$/
    group = substr(file, length(top) + 1)
    if (depth == 1) sub("/.*", "", group)
    if (inside) read_text(file)
}
inside && $1 == "DA" { count("lines", $2, $3) }
inside && $1 == "BRDA" && !of_glib(text[$2]) {
    count("branches", $2 "," $3 "," $4, $5)
    if (has_refusal($2)) refusals[file, $2] = group
}
END {
    for (place in reached)
        if (!reached[place]) forgive(place)
    printf "%-32s %8s %10s\n", "", "lines", "branches"
    for (group in groups)
        printf "%-32s %6.1f %% %6.1f %% of %d\n", group, percent("lines"), percent("branches"),
               found[group, "branches"] | "sort"
}
function count(kind, place, hits) {
    groups[group] = 1
    if (!((file, kind, place) in reached)) {
        reached[file, kind, place] = 0
        found[group, kind]++
    }
    if (hits + 0 > 0 && !reached[file, kind, place]) {
        reached[file, kind, place] = 1
        hit[group, kind]++
    }
}
# One branch of a line with a refusal.
function forgive(place,    part, at) {
    split(place, part, SUBSEP)
    split(part[3], at, ",")
    if (part[2] == "branches" && (part[1], at[1]) in refusals && !forgiven[part[1], at[1]]++)
        found[refusals[part[1], at[1]], "branches"]--
}
function percent(kind) {
    return found[group, kind] ? 100 * hit[group, kind] / found[group, kind] : 100
}
