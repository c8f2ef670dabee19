-- Neovim 0.11 or newer. Copy to ~/.config/nvim/lua/archdsl.lua and write `require("archdsl")` in init.lua.
vim.filetype.add({ extension = { arch = "arch" } })

-- Highlighting, if the parser and its queries are installed; docs/editors.md has the commands.
vim.api.nvim_create_autocmd("FileType", {
  pattern = "arch",
  callback = function(event)
    pcall(vim.treesitter.start, event.buf, "arch")
  end,
})

vim.lsp.config("archdsl", {
  cmd = { "archdsl", "lsp" },
  filetypes = { "arch" },
  root_markers = { ".git" },
})
vim.lsp.enable("archdsl")

vim.api.nvim_create_autocmd("LspAttach", {
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client == nil or client.name ~= "archdsl" then
      return
    end
    vim.bo[event.buf].commentstring = "# %s"
    vim.lsp.inlay_hint.enable(true, { bufnr = event.buf })
    -- :ArchDiagram writes the diagram to a temporary file and opens it.
    vim.api.nvim_buf_create_user_command(event.buf, "ArchDiagram", function()
      client:exec_cmd({ title = "diagram", command = "archdsl.diagram", arguments = { vim.uri_from_bufnr(event.buf) } })
    end, {})
  end,
})
