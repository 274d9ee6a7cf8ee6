# cmake -DIN=a.tsv -DNAME=a -DOUT=a.cc [-DMORE=b.tsv|c.tsv -DPART=rows|tees] -P embed.cmake: a table as
# text in the program. MORE are the TEEs' own attacks.tsv: a line "#tee<TAB>name<TAB>title<TAB>maker<TAB>beneath",
# the line of columns, rows. PART says which of these goes behind IN.
file(READ ${IN} text)
string(REPLACE "|" ";" MORE "${MORE}")
foreach(file IN LISTS MORE)
  file(READ ${file} own)
  if(NOT "${own}" MATCHES "^#tee\t([^\t\n]+\t[^\t\n]+\t[^\t\n]+\t[^\t\n]+\n)id\t[^\n]*\n")
    message(FATAL_ERROR "${file}: begins with no line of #tee, name, title, maker or -, TEEs beneath or -, or not then with the columns")
  endif()
  if(PART STREQUAL "tees")
    string(APPEND text "${CMAKE_MATCH_1}")
  else()
    string(REGEX REPLACE "^#tee\t[^\n]*\nid\t[^\n]*\n" "" own "${own}")
    string(APPEND text "${own}")
  endif()
endforeach()
if(text MATCHES "\\)table\"")
  message(FATAL_ERROR "${IN}: holds the mark that ends the text in the program")
endif()
file(WRITE ${OUT} "#include \"advisory/tables.h\"\n\nnamespace ward::advisory {\n\n"
  "std::string_view ${NAME}_table() { return R\"table(${text})table\"; }\n\n}  // namespace ward::advisory\n")
