#!/bin/bash
# Ends with 1 if the verdict fails the job. Environment: VERDICT, FAIL_ON.
set -euo pipefail
case $FAIL_ON in
    never) failing="" ;;
    worse) failing="worse" ;;
    cannot-tell) failing="worse cannot_tell" ;;
    not-measured) failing="worse not_measured" ;;
    *) echo "::error::fail-on must be worse, cannot-tell, not-measured or never, not $FAIL_ON"; exit 2 ;;
esac
for one in $failing; do
    if [ "$VERDICT" = "$one" ]; then
        echo "::error::kaizen check: ${VERDICT//_/ }"
        exit 1
    fi
done
