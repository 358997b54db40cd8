-- Starts `dynopc lsp` and attaches buffers to it: one server for each folder of programs.
--
-- Written for Neovim 0.7, whose `vim.lsp.start_client` is still there in later versions under this and other names.

local M = {}

local settings = { cmd = { "dynopc", "lsp" }, lsp = true }
local clients = {}

--- Changes the settings: `cmd`, `lsp`, `on_attach`, `capabilities`.
function M.setup(changed)
  settings = vim.tbl_extend("force", settings, changed or {})
end

--- The folder whose programs belong together: that of the repository, else the file's own.
local function root_of(buffer)
  local folder = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ":p:h")
  local marker = vim.fn.finddir(".git", vim.fn.escape(folder, " ,;") .. ";")
  if marker ~= "" then
    return vim.fn.fnamemodify(marker, ":p:h:h")
  end
  return folder
end

--- Attaches a buffer to the server of its folder, which is started if need be.
function M.attach(buffer)
  if not settings.lsp then
    return
  end
  if buffer == 0 then
    buffer = vim.api.nvim_get_current_buf()
  end
  if vim.fn.executable(settings.cmd[1]) == 0 then
    vim.notify_once(
      "dynop: there is no " .. settings.cmd[1] .. "; require('dynop').setup({ cmd = { PATH, 'lsp' } }) tells where it is",
      vim.log.levels.WARN
    )
    return
  end
  local root = root_of(buffer)
  local config = {
    name = "dynop",
    cmd = settings.cmd,
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
    on_attach = settings.on_attach,
    capabilities = settings.capabilities,
  }
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
    return
  end
  local client = clients[root]
  if not client or not vim.lsp.get_client_by_id(client) then
    client = vim.lsp.start_client(config)
    clients[root] = client
  end
  if client then
    vim.lsp.buf_attach_client(buffer, client)
  end
end

return M
