module ward.example/gobench

go 1.23
