" Highlighting of Dynop.
if exists('b:current_syntax')
  finish
endif

syntax keyword dynopDeclaration fn op graph job extern import const type struct enum pub let var
syntax keyword dynopConditional if else match
syntax keyword dynopRepeat for while in break continue
syntax keyword dynopStatement return yield assert fail
syntax keyword dynopException try catch
syntax keyword dynopOperatorWord and or not as
syntax keyword dynopBoolean true false
syntax keyword dynopConstant none
" Words only in their places.
syntax match dynopStatement /\<run\>\ze\s\+\h/
syntax match dynopStatement /\<with\>\ze\s\+\h/
syntax match dynopDeclaration /\<test\>\ze\s*"/

syntax match dynopType /\<\u\w*\>/
syntax match dynopFunction /\%(\<\%(fn\|op\|graph\|job\)\s\+\)\@<=\h\w*/
syntax match dynopAttribute /@\h\w*/
syntax match dynopNumber /\<0[xX]\x[0-9a-fA-F_]*\>\|\<0[bB][01_]\+\>\|\<0[oO][0-7_]\+\>/
syntax match dynopNumber /\<\d[0-9_]*\%(\.\d[0-9_]*\)\?\%([eE][+-]\?\d\+\)\?\%(ms\|s\|m\|h\|KiB\|MiB\|GiB\|TiB\)\?\>/

syntax match dynopEscape /\\\%([ntr0\\"']\|x\x\x\|u{\x\+}\)/ contained
syntax match dynopEscape /{{\|}}/ contained containedin=dynopTemplate
syntax region dynopInterpolation matchgroup=dynopEscape start=/{/ end=/}/ contained contains=TOP
syntax region dynopString start=/b\?"/ skip=/\\./ end=/"\|$/ contains=dynopEscape
syntax region dynopString start=/"""/ skip=/\\./ end=/"""/ contains=dynopEscape
syntax region dynopString start=/\<r"/ end=/"\|$/
syntax region dynopString start=/\<r"""/ end=/"""/
syntax region dynopTemplate start=/\<\%(f\|sh\)"/ skip=/\\./ end=/"\|$/ contains=dynopEscape,dynopInterpolation
syntax region dynopTemplate start=/\<\%(f\|sh\)"""/ skip=/\\./ end=/"""/ contains=dynopEscape,dynopInterpolation

syntax keyword dynopTodo TODO FIXME XXX NOTE contained
syntax match dynopComment +//.*$+ contains=dynopTodo,@Spell
syntax match dynopDocumentation +//[/!].*$+ contains=dynopTodo,@Spell
syntax match dynopComment /\%^#!.*/

highlight default link dynopDeclaration Keyword
highlight default link dynopConditional Conditional
highlight default link dynopRepeat Repeat
highlight default link dynopStatement Statement
highlight default link dynopException Exception
highlight default link dynopOperatorWord Operator
highlight default link dynopBoolean Boolean
highlight default link dynopConstant Constant
highlight default link dynopType Type
highlight default link dynopFunction Function
highlight default link dynopAttribute PreProc
highlight default link dynopNumber Number
highlight default link dynopString String
highlight default link dynopTemplate String
highlight default link dynopEscape SpecialChar
highlight default link dynopComment Comment
highlight default link dynopDocumentation SpecialComment
highlight default link dynopTodo Todo

let b:current_syntax = 'dynop'
