#!/usr/bin/env bash
# tools/eval-data: public data sets' own forms become ours, and anything else is refused.
set -euo pipefail
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
tools=$SPINE_SOURCE/tools/eval-data
need iconv awk

# gives FILE: its text is what stdin says.
gives()
{
    cat >expected
    cmp expected "$1" || fail "$1: $(cat "$1")"
}

# refuse NAME TEXT ARGUMENT...: nothing is left behind either.
refuse()
{
    local name=$1 text=$2
    shift 2
    refused "$name" "$text" "$tools/$name" "$@"
    if [ -e out ] || [ -e out.part ]; then fail "$name left something behind"; fi
}

# --- TREC -------------------------------------------------------------------------------------------

printf '%s\n' 'LOC:city What county is Modesto , California in ?' $'ENTY:food What is a caf\xe9 ?' >in
run "$tools/trec.sh" in out
gives out <<'END'
__label__LOC What county is Modesto , California in ?
__label__ENTY What is a café ?
END
iconv -f ISO-8859-1 -t UTF-8 in >in8
run "$tools/trec.sh" --fine in8 out
gives out <<'END'
__label__LOC:city What county is Modesto , California in ?
__label__ENTY:food What is a café ?
END
rm out
refuse trec.sh "nowhere: no such file" nowhere out
for bad in 'LOC What county ?' 'loc:city What county ?' 'LOC:city' ''; do
    printf '%s\n' 'NUM:date When ?' "$bad" >in
    refuse trec.sh "in:2: expected a type such as LOC:city and a question" in out
done
: >in
refuse trec.sh "nothing to write to out" in out

# --- SST --------------------------------------------------------------------------------------------

printf '%s\n' '0 no movement , no yuks .' '1 rancid crème brûlée' >in
run "$tools/sst.sh" in out
gives out <<'END'
__label__0 no movement , no yuks .
__label__1 rancid crème brûlée
END
rm out
for bad in '5 five' '01 x' '1' 'good film'; do
    printf '%s\n' '0 bad' "$bad" >in
    refuse sst.sh "in:2: expected a class from 0 to 4 and a sentence" in out
done

# --- Noun phrases -----------------------------------------------------------------------------------

printf '%s\t%s\t%s\n' Fold_id trigram type_of_bracketing '0 ' 'Japanese-j_discount-n_rate-n ' R \
    '0 ' 'high-definition-j_television-n_set-n ' L 11 a-n_b-n_c-n R >in
run "$tools/noun-phrases.sh" in folds/np
gives folds/np/fold-0.txt <<'END'
__label__R Japanese discount rate
__label__L high-definition television set
END
gives folds/np/fold-11.txt <<'END'
__label__R a b c
END
for bad in $'0\ta-n_b-n\tL' $'0\ta-n_b-n_c-n\tX' $'x\ta-n_b-n_c-n\tL' $'0\ta_b-n_c-n\tL' \
    $'0\ta-n_b-n_c-n'; do
    printf '%s\n' "$bad" >in
    refuse noun-phrases.sh "in:1: expected fold, word-x_word-x_word-x, and L or R" in out
done
printf 'Fold_id\ttrigram\ttype_of_bracketing\n' >in
refuse noun-phrases.sh "in: no noun phrases" in out

# --- Newsgroups -------------------------------------------------------------------------------------

mkdir -p news/a.b news/c.d news/none news/bad
printf '%s\n' 'From: x@y.z' 'Subject: s' '' "I don't know X's e-mail: u.s. cost (3.5%)." \
    "'tis ... they'll see" >news/a.b/1
printf 'Path: p\r\nSubject: caf\xe9\r\n\r\nna\xefve\0 \1end\r\n' >news/a.b/2
printf '%s\n' 'From: x' '' >news/a.b/3
printf '%s\n' 'Subject: t' '' 'second group' '' 'From: stays' >news/c.d/1
run "$tools/newsgroups.sh" news out a.b c.d
gives out <<'END'
__label__a.b I do n't know X 's e-mail : u.s . cost ( 3.5 % ) . ' tis . . . they 'll see
__label__a.b naïve end
__label__c.d second group From : stays
END
one_line newsgroups.sh "a.b: left out for having no word: 1"
run "$tools/newsgroups.sh" --headers news out a.b c.d
gives out <<'END'
__label__a.b From : x @ y.z Subject : s I do n't know X 's e-mail : u.s . cost ( 3.5 % ) . ' tis . . . they 'll see
__label__a.b Path : p Subject : café naïve end
__label__a.b From : x
__label__c.d Subject : t second group From : stays
END
rm out
printf 'no header\n\nFrom: too late\n' >news/bad/1
refuse newsgroups.sh "news/bad/1: no post: expected a header with From: or Subject:" news out c.d bad
refuse newsgroups.sh "news/x: no such directory" news out c.d x
refuse newsgroups.sh "news/none: no posts" news out c.d none

# --- Pairs ------------------------------------------------------------------------------------------

# pairs: from stdin, two pairs that are the same in all forms.
pairs()
{
    cat >in
    run "$tools/pairs.sh" in out
    gives out <<'END'
tiger	cat	7.35
book	paper	0.5
END
    rm out
}
pairs <<<$'Word 1\tWord 2\tHuman (mean)\ntiger\tcat\t7.35\nbook\tpaper\t0.5'
pairs <<<$'Word 1,Word 2,Human (mean),1,2\r\ntiger,cat,7.35,7,8\r\nbook,paper,0.5,0,1\r'
pairs <<<$'tiger\tcat\t7.35\nbook\tpaper\t0.5\n'
pairs <<<$'tiger cat 7.35\nbook  paper 0.5'
pairs <<<$'tiger;cat;7.35\nbook;paper;0.5'
pairs <<<$'tiger-n cat-n 7.35\nbook-v paper-j 0.5'
pairs <<<$'word1\tword2\tPOS\tSimLex999\tconc(w1)\ntiger\tcat\tN\t7.35\t2\nbook\tpaper\tV\t0.5\t2'
pairs <<<$'tiger\tcat\t7.35\t10\t5\nbook\tpaper\t0.5\t0\t1'
for bad in $'tiger\tcat' $'tiger\tcat\tmuch' $'\tcat\t1' $'tiger\tcat\t1..2' $'tiger\tcat\t.'; do
    printf '%s\n' $'a\tb\t1' "$bad" >in
    refuse pairs.sh "in:2: expected two words and a score" in out
done
printf '<html>\n<b>404</b>\n' >in
refuse pairs.sh "in:2: expected two words and a score" in out

# --- What all have ----------------------------------------------------------------------------------

for name in trec.sh sst.sh noun-phrases.sh newsgroups.sh pairs.sh; do
    run "$tools/$name" --help
    grep -q "^Usage: $name " stdout || fail "$name --help: $(cat stdout)"
    attempt "$tools/$name"
    [ "$status" = 2 ] || fail "$name without arguments: status $status"
    grep -q "^Usage: $name " stderr || fail "$name without arguments: $(cat stderr)"
done
printf 'NUM:date When ?\n' >in
ln -s "$PWD/elsewhere" out.part # not written through
run "$tools/trec.sh" in out
if [ -e elsewhere ] || [ -L out ]; then fail "wrote through a link"; fi
attempt "$tools/trec.sh" in nowhere/out
[ "$status" = 2 ] || fail "status $status for a missing directory"
