# A student that reads an agent's home as its host does, knowing nothing of kaizen.
#
# sh host.sh READS QUESTION
#
# READS has a line for each file or family that the host reads, in its order:
#     WHEN HOW GLOB… [: KEY…]
# WHEN is `start`, or `need` for what the host loads later. HOW is the format, see host.awk; `first` is `imports` of only the
# first of the files that exists. The answer is `yes` if the model would see the words of the question, else `no`. The question
# `order` prints the files that are read at the start, without those that other files name.

cd "${KAIZEN_HARNESS:-.}" || exit 1
reads=$1
question=$2

files() {
    while read -r when how rest; do
        case $rest in
            *' : '*) globs=${rest%% : *} keys=${rest#* : } ;;
            *) globs=$rest keys= ;;
        esac
        for file in $globs; do
            [ -f "$file" ] || continue
            case $question,$when,$how in
                order,need,* | order,*,name?-*) continue ;;
            esac
            printf '%s\t%s\t%s\n' "$how" "$file" "$keys"
            [ "$how" != first ] || break
        done
    done <"$reads"
}

if [ "$question" = order ]; then
    files | cut -f 2
    exit
fi
case $(files | LC_ALL=C awk -f "${0%sh}awk") in
    *"$question"*) echo yes ;;
    *) echo no ;;
esac
