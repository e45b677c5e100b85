#!/bin/bash
# Keeps one comment with the verdict in the pull request: replaces it if it is there. Each workspace of a repository has its
# own comment.
# Environment: GH_TOKEN, REPOSITORY, PULL_REQUEST, DIRECTORY, RUNNER_TEMP.
set -euo pipefail
mark='<!-- kaizen check -->'
where=
if [ "${DIRECTORY:-.}" != . ]; then
    # A digest, because a name could end the mark.
    mark="<!-- kaizen check in $(printf %s "$DIRECTORY" | git hash-object --stdin) -->"
    where="In \`${DIRECTORY//[\`$'\n']/ }\`:"
fi
page=$RUNNER_TEMP/kaizen.md
body=$RUNNER_TEMP/kaizen-comment.md
# An earlier step failed. Without a new page, the comment would still say what an older commit was.
[ -s "$page" ] || printf '### kaizen check: not measured\n\nThe check did not start. See the log of the job.\n' > "$page"
# A comment has at most 65,536 characters.
{
    echo "$mark"
    [ -z "$where" ] || printf '%s\n\n' "$where"
    awk -v most=60000 '{ size += length($0) + 1 } size > most { print "\nThe rest is cut."; exit } { print }' "$page"
} > "$body"
# Only a comment of this token's own account: anybody can write the mark.
login=$(gh api graphql -f 'query={viewer{login}}' --jq .data.viewer.login 2> /dev/null) || login='github-actions[bot]'
mine="map(select(.user.login == \"$login\" and (.body | startswith(\"$mark\")))) | .[0].id // empty"
found=$(gh api "repos/$REPOSITORY/issues/$PULL_REQUEST/comments" --paginate --jq "$mine")
found=${found%%$'\n'*}
if [ -n "$found" ]; then
    gh api --silent -X PATCH "repos/$REPOSITORY/issues/comments/$found" -F "body=@$body"
else
    gh api --silent "repos/$REPOSITORY/issues/$PULL_REQUEST/comments" -F "body=@$body"
fi
