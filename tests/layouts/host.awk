# Prints what a model sees of files. Input: HOW, FILE and KEYS, separated by tabs.
#
# HOW: `text`; `imports`: a text with the files that `@path` names in it; `head`: a text under a front matter, and keys of that;
# `toml`, `yaml`, `json` (comments are allowed) and `jsonl`: keys; `named-FORMAT`: the files that a key names, in the folder of the
# file; `names-FORMAT`: those that it names in the folder of the home.
# KEYS are dotted paths in which `*` is any name or place; `**` is every key.

BEGIN { FS = "\t" }

{
    count = split($3, patterns, " ")
    folder = $1 ~ /^named-/ ? folder_of($2) : ""
    follows = sub(/^name[ds]-/, "", $1)
    if ($1 == "text") printf "%s", whole($2)
    else if ($1 == "imports" || $1 == "first") imports($2, 5)
    else if ($1 == "head") head(whole($2))
    else if ($1 == "toml") toml(whole($2))
    else if ($1 == "yaml") { total = split(whole($2), lines, "\n"); yaml(1, total) }
    else if ($1 == "json") { json = whole($2); at = 1; value("") }
    else if ($1 == "jsonl") { total = split(whole($2), lines, "\n"); for (i = 1; i <= total; i++) { json = lines[i]; at = 1; if (json != "") value(i) } }
    else { print "host.awk: what is " $1 "?" > "/dev/stderr"; exit 1 }
}

function whole(file,    line, text) {
    text = ""
    while ((getline line < file) > 0) { sub(/\r$/, "", line); text = text line "\n" }
    close(file)
    return text
}

function folder_of(file) { return sub(/[^\/]*$/, "", file) ? file : "" }

# A text, and the files that it imports after each line.
function imports(file, depth,    text, total, all, words, i, j, n, name) {
    text = whole(file)
    total = split(text, all, "\n")
    for (i = 1; i < total; i++) {
        print all[i]
        n = split(all[i], words, " ")
        for (j = 1; j <= n; j++)
            if (words[j] ~ /^@[.A-Za-z0-9_\/-]+$/ && depth > 0) {
                name = substr(words[j], 2)
                sub(/^\.\//, "", name)
                imports(folder_of(file) name, depth - 1)
            }
    }
}

# A text without a front matter is only a text. One whose front matter does not end is not read.
function head(text,    end, i) {
    total = split(text, lines, "\n")
    if (lines[1] != "---") { printf "%s", text; return }
    for (end = 2; end < total && lines[end] != "---"; end++);
    if (end == total) return
    yaml(2, end - 1)
    for (i = end + 1; i < total; i++) print lines[i]
}

function wanted(path,    i, j, n, m, pattern, parts) {
    m = split(path, parts, "\034")
    for (i = 1; i <= count; i++) {
        if (patterns[i] == "**") return 1
        n = split(patterns[i], pattern, ".")
        for (j = 1; j <= n && j <= m && (pattern[j] == "*" || pattern[j] == parts[j]); j++);
        # An item of a list belongs to the list.
        if (j > n) return 1
    }
    return 0
}

function emit(path, text) {
    if (!wanted(path)) return
    if (!follows) { print text; return }
    sub(/^\{file:/, "", text)
    sub(/\}$/, "", text)
    sub(/^file:\/\//, "", text)
    sub(/^\.\//, "", text)
    printf "%s", whole(folder text)
}

function below(path, name) { return path == "" ? name : path "\034" name }

function trimmed(text) { sub(/^[ \t]+/, "", text); sub(/[ \t]+$/, "", text); return text }

# The text of a plain or quoted scalar.
function scalar(text) {
    text = trimmed(text)
    if (text ~ /^"/) {
        match(text, /^"([^"\\]|\\.)*"/)
        text = substr(text, 2, RLENGTH - 2)
        gsub(/\\n/, "\n", text)
        gsub(/\\"/, "\"", text)
        return text
    }
    if (text ~ /^'/) {
        match(text, /^'([^']|'')*'/)
        text = substr(text, 2, RLENGTH - 2)
        gsub(/''/, "'", text)
        return text
    }
    sub(/[ \t]+#.*$/, "", text)
    return text
}

function flow(path, text,    items, n, i) {
    gsub(/^\[|\]$/, "", text)
    n = split(text, items, ",")
    for (i = 1; i <= n; i++) if (trimmed(items[i]) != "") emit(below(path, i), scalar(items[i]))
}

# YAML by its indentation.
function yaml(from, to,    depth, i, line, rest, indent, indents, paths, kinds, places, key, text) {
    depth = 0
    paths[0] = ""
    for (i = from; i <= to; i++) {
        line = lines[i]
        if (line ~ /^[ \t]*(#.*)?$/ || line == "---") continue
        match(line, /^ */)
        indent = RLENGTH
        rest = substr(line, indent + 1)
        while (rest ~ /^-( |$)/) {
            while (depth > 0 && (indents[depth] > indent || indents[depth] == indent && kinds[depth] == "item")) depth--
            key = below(paths[depth], places[paths[depth]]++)
            depth++; indents[depth] = indent; kinds[depth] = "item"; paths[depth] = key
            match(rest, /^- */)
            indent += RLENGTH
            rest = substr(rest, RLENGTH + 1)
        }
        if (match(rest, /^("[^"]*"|'[^']*'|[^]:"'{}[][^:]*):([ \t]|$)/)) {
            while (depth > 0 && indents[depth] >= indent) depth--
            key = scalar(substr(rest, 1, index(rest, ":") - 1))
            text = trimmed(substr(rest, index(rest, ":") + 1))
            key = below(paths[depth], key)
            depth++; indents[depth] = indent; kinds[depth] = "key"; paths[depth] = key
            if (text ~ /^[|>][-+0-9]*([ \t]+#.*)?$/) {
                text = ""
                for (; i < to && (lines[i + 1] ~ /^[ \t]*$/ || match(lines[i + 1], /^ */) && RLENGTH > indent); i++)
                    text = text trimmed(lines[i + 1]) "\n"
                emit(key, text)
            }
            else if (text ~ /^\[/) {
                for (; i < to && text !~ /\][ \t]*(#.*)?$/; i++) text = text " " trimmed(lines[i + 1])
                flow(key, text)
            }
            else if (text != "") emit(key, scalar(text))
        }
        else if (rest != "") emit(paths[depth], scalar(rest))
    }
}

function toml(text,    total, all, i, line, path, key, tables, mark) {
    path = ""
    total = split(text, all, "\n")
    for (i = 1; i <= total; i++) {
        line = trimmed(all[i])
        if (line == "" || line ~ /^#/) continue
        if (line ~ /^\[/) {
            key = line
            gsub(/[]["' ]/, "", key)
            gsub(/\./, "\034", key)
            path = line ~ /^\[\[/ ? below(key, tables[key]++) : key
            continue
        }
        key = trimmed(substr(line, 1, index(line, "=") - 1))
        gsub(/["']/, "", key)
        gsub(/\./, "\034", key)
        key = below(path, key)
        text = trimmed(substr(line, index(line, "=") + 1))
        mark = substr(text, 1, 3)
        if (mark == "\"\"\"" || mark == "'''") {
            text = substr(text, 4)
            for (; i < total && index(text, mark) == 0; i++) text = text "\n" all[i + 1]
            emit(key, substr(text, 1, index(text, mark) - 1))
        }
        else if (text ~ /^\[/) {
            for (; i < total && text !~ /\][ \t]*(#.*)?$/; i++) text = text " " trimmed(all[i + 1])
            flow(key, text)
        }
        else emit(key, scalar(text))
    }
}

function skip(    c) {
    for (;;) {
        c = substr(json, at, 1)
        if (c == " " || c == "\n" || c == "\t") at++
        else if (substr(json, at, 2) == "//") { while (at <= length(json) && substr(json, at, 1) != "\n") at++ }
        else if (substr(json, at, 2) == "/*") { while (at <= length(json) && substr(json, at, 2) != "*/") at++; at += 2 }
        else return
    }
}

function string(    c, text) {
    text = ""
    for (at++; (c = substr(json, at, 1)) != "\"" && c != ""; at++) {
        if (c == "\\") { at++; c = substr(json, at, 1); if (c == "n") c = "\n" }
        text = text c
    }
    at++
    return text
}

function value(path,    c, key, place, word) {
    skip()
    c = substr(json, at, 1)
    if (c == "{" || c == "[") {
        place = 0
        for (at++;;) {
            skip()
            if ((c = substr(json, at, 1)) == "," ) { at++; continue }
            if (c == "}" || c == "]" || c == "") break
            if (c == "\"" && substr(json, at) ~ /^"([^"\\]|\\.)*"[ \t\n]*:/) { key = string(); skip(); at++ }
            else key = place++
            value(below(path, key))
        }
        at++
    }
    else if (c == "\"") emit(path, string())
    else {
        word = ""
        while ((c = substr(json, at, 1)) ~ /[A-Za-z0-9+.-]/ && c != "") { word = word c; at++ }
        if (word == "") at++
        emit(path, word)
    }
}
