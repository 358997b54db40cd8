autocmd BufRead,BufNewFile *.dyn setfiletype dynop
