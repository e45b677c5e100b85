# A teacher that repeats prepared answers.
#
# sh teach.sh FOLDER
cat "$1/$KAIZEN_PHASE"
