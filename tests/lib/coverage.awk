# Lines and branches in percent, from lcov's tracefile: by folder (depth=1) or by file (depth=2).
# TOP is the source tree, with its slash; the tests themselves do not count.

/^SF:/ {
    path = substr($0, 4)
    inside = index(path, top) == 1 && index(path, top "tests/") != 1
    path = substr(path, length(top) + 1)
    if (depth == 1) sub("/.*", "", path)
}
inside && /^(LF|LH|BRF|BRH):/ {
    split($0, field, ":")
    sum[path, field[1]] += field[2]
    seen[path]
}
END {
    printf "%-32s %8s %14s\n", "", "lines", "branches"
    for (path in seen)
        printf "%-32s %6.1f %% %6.1f %% of %d\n", path, percent(path, "LH", "LF"),
               percent(path, "BRH", "BRF"), sum[path, "BRF"] | "sort"
}
function percent(path, hit, found) {
    return sum[path, found] ? 100 * sum[path, hit] / sum[path, found] : 100
}
