"""Everything on one machine: server, a kiosk for whoever sits there, and bots for the others."""
