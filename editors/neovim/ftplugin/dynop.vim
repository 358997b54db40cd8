" Settings of a buffer, and the language server for it.
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal commentstring=//\ %s comments=:///,://!,://
setlocal expandtab shiftwidth=4 softtabstop=4
setlocal suffixesadd=.dyn
let b:undo_ftplugin = 'setlocal commentstring< comments< expandtab< shiftwidth< softtabstop< suffixesadd<'

lua require('dynop').attach(0)
