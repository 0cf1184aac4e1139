#!/bin/sh
# wordfrequency: for each task's text, its 100 most frequent words as "count<TAB>word" lines, the
# most frequent first and equal counts in byte order. Words are runs of ASCII letters, lower-cased.
# In the C locale every tool here works on bytes, so the output is the same on every machine.
export LC_ALL=C
for input in /work/inputs/tasks/*; do
  task=${input##*/}
  if tr -cs 'A-Za-z' '\n' < "$input" | tr 'A-Z' 'a-z' | awk '
      $0 != "" { count[$0]++ }
      END { for (word in count) printf "%d\t%s\n", count[word], word }
    ' | sort -k1,1nr -k2,2 | awk 'NR <= 100' > "/tmp/$task"; then
    cat "/tmp/$task" > "/work/outputs/$task" || exit 1
  else
    echo exit_code > "/work/outputs/$task.failed"
  fi
done
