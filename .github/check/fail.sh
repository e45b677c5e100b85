#!/bin/bash
# Fails the job if the verdict does, or if the check could not be asked. Environment: VERDICT, CODE (of kaizen), FAIL_ON.
set -euo pipefail
case $FAIL_ON in
    never) failing="" ;;
    worse) failing="worse" ;;
    cannot-tell) failing="worse cannot_tell" ;;
    not-measured) failing="worse not_measured" ;;
    *) echo "::error::fail-on must be worse, cannot-tell, not-measured or never, not $FAIL_ON"; exit 2 ;;
esac
case $CODE in
    0 | 3 | 4 | 5) ;;
    *)
        echo "::error::kaizen check failed with exit code $CODE; the log of its step says why"
        exit "$CODE"
        ;;
esac
for one in $failing; do
    if [ "$VERDICT" = "$one" ]; then
        echo "::error::kaizen check: ${VERDICT//_/ }"
        exit 1
    fi
done
