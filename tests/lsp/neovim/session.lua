-- A session of a real editor: Neovim without a screen, with the plugin of editors/neovim.
--
--   nvim --headless --clean --cmd 'set rtp^=editors/neovim' -c 'luafile tests/lsp/neovim/session.lua'
--
-- `DYNOPC` names the program, `FOLDER` an empty folder. Ends with code 0 if everything was as expected.

local folder = assert(os.getenv("FOLDER"), "FOLDER")
local passed = 0

local function say(text)
  io.stdout:write(text .. "\n")
end

local function expect(what, found)
  if not found then
    error(what, 2)
  end
  passed = passed + 1
  say("ok " .. what)
end

local function wait(what, condition)
  expect(what, vim.wait(20000, condition, 20))
end

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

local function errors()
  return vim.diagnostic.get(0, { severity = vim.diagnostic.severity.ERROR })
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
end

--- Puts the cursor on the n-th occurrence of a word.
local function go_to(word, n)
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  for _ = 1, n do
    expect("`" .. word .. "` is there", vim.fn.search("\\V\\<" .. word .. "\\>", "W") > 0)
  end
end

local function session()
  require("dynop").setup({ cmd = { assert(os.getenv("DYNOPC"), "DYNOPC"), "lsp" } })
  write("numbers.dyn", "/// Some numbers.\npub op numbers() -> DynamicOutput<Int> {\n"
    .. "    for n in [1, 2, 3] {\n        yield DynamicOutput(n, mapping_key: n)\n    }\n}\n")
  write("main.dyn", "import numbers\n\nop square(n: Int) -> Int {\n    n * n\n}\n\n"
    .. "op sum(all: List<Int>) -> Int {\n    all.sum()\n}\n\n"
    .. "job main() -> Int {\n    let squares = square(numbers.numbers())\n    sum(squares)\n}\n")
  vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/main.dyn"))
  expect("the type of the file is known", vim.bo.filetype == "dynop")
  expect("words are coloured", vim.fn.synIDattr(vim.fn.synID(3, 1, 1), "name") == "dynopDeclaration")
  wait("the server is attached", function()
    return #vim.lsp.buf_get_clients(0) == 1
  end)
  wait("the direct passing is an error", function()
    return #errors() > 0 and errors()[1].code == "E0301"
  end)
  expect("its source is named", errors()[1].source == "dynop")
  expect("it is on its line", errors()[1].lnum == 11)

  -- The menu of repairs: the first entry is taken.
  local offered
  vim.ui.select = function(items, options, choose)
    offered = {}
    for _, item in ipairs(items) do
      table.insert(offered, options.format_item and options.format_item(item) or tostring(item))
    end
    choose(items[1], 1)
  end
  vim.api.nvim_win_set_cursor(0, { 12, errors()[1].col })
  local before = text()
  vim.lsp.buf.code_action()
  wait("a repair is applied", function()
    return text() ~= before
  end)
  expect("it is what was meant", text():find(".map(", 1, true) ~= nil)
  wait("the error is gone", function()
    for _, found in ipairs(errors()) do
      if found.code == "E0301" and found.lnum == 11 then
        return false
      end
    end
    return true
  end)
  -- What `map` gives must be collected for `sum`: the next error, the next repair.
  local function mended()
    return #errors() == 0
  end
  if not vim.wait(1000, mended, 20) then
    vim.api.nvim_win_set_cursor(0, { errors()[1].lnum + 1, errors()[1].col })
    before = text()
    vim.lsp.buf.code_action()
    wait("the next repair is applied", function()
      return text() ~= before
    end)
  end
  wait("no error is left", mended)
  expect("several repairs or one were offered", offered == nil or #offered >= 1)

  go_to("square", 2)
  vim.lsp.buf.definition()
  wait("the definition in this file is gone to", function()
    return vim.api.nvim_win_get_cursor(0)[1] == 3
  end)
  go_to("numbers", 3)
  vim.lsp.buf.definition()
  wait("the definition in another file is gone to", function()
    return vim.fn.expand("%:t") == "numbers.dyn" and vim.api.nvim_win_get_cursor(0)[1] == 2
  end)
  vim.cmd("silent write")
  vim.cmd("silent wall")
  local clients = vim.lsp.get_active_clients()
  expect("there is one server for both files", #clients == 1)
  vim.lsp.stop_client(clients)
  wait("the server ends", function()
    return #vim.lsp.get_active_clients() == 0
  end)
end

local fine, why = xpcall(session, debug.traceback)
if not fine then
  say("FAILED: " .. tostring(why))
  say("text:\n" .. text())
  say("diagnostics: " .. vim.inspect(vim.diagnostic.get(0)))
end
say(string.format("neovim: %d passed, %d failed", passed, fine and 0 or 1))
vim.cmd(fine and "qall!" or "cquit 1")
