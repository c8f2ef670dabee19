"""Networks for agents: tools that read only below one folder, and the MCP server that offers them."""
