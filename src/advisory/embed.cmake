# cmake -DIN=a.tsv -DNAME=a -DOUT=a.cc -P embed.cmake: a table as text in the program.
file(READ ${IN} text)
if(text MATCHES "\\)table\"")
  message(FATAL_ERROR "${IN}: holds the mark that ends the text in the program")
endif()
file(WRITE ${OUT} "#include \"advisory/tables.h\"\n\nnamespace ward::advisory {\n\n"
  "std::string_view ${NAME}_table() { return R\"table(${text})table\"; }\n\n}  // namespace ward::advisory\n")
