-- A stand-in for Prosody's admin shell in plain Lua: runs each line of standard input as the shell does. Prints "O TEXT" for
-- each output of the line, then "R TEXT" with its result or "E TEXT" with its error. The line "RESET" starts a new session
-- with a new room, the only one. The line "ASK" prints the actor and the reason of the last change.
package.preload["util.stanza"] = function() return { stanza = function() return {} end } end
package.preload["util.encodings"] = function() return { utf8 = { valid = function(s) return utf8.len(s) and true or false end } } end
package.preload["util.time"] = function() return { now = os.clock } end
package.preload["util.timer"] = function() return { add_task = function() end } end
package.preload["util.jid"] = function() return { bare = function(j) return (j:gsub("/.*", "")) end, split = function(j) local n, h = j:match("^([^@]+)@(.*)$") return n, h or j end } end

local room
local muc = {
  get_room_from_jid = function(jid) room.jid = jid return room end,
  live_rooms = function() local done return function() if not done then done = true return room end end end,
  module = { log = function(_, _, _, actor) room.actor = actor end },
}
prosody = { version = "0", hosts = setmetatable({}, { __index = function() return { modules = { muc = muc } } end }) }

local function new_room()
  room = { _affiliations = {}, _affiliation_data = {}, _data = {}, save = function() return true end }
  setmetatable(room._affiliations, { __index = function(t, k) t[k] = "member" return "member" end })
  function room:each_occupant() return function() end end
  function room:set_affiliation_data(jid, key, value)
    self._affiliation_data[jid] = self._affiliation_data[jid] or {}
    self._affiliation_data[jid][key] = value
  end
  function room:set_affiliation(_, jid, affiliation, reason, data)
    self._affiliations[jid], self._affiliation_data[jid], self.reason = affiliation, data, reason
    return true
  end
end

local session
for line in io.lines() do
  if line == "RESET" then
    new_room()
    session = setmetatable({ print = function(text) print("O " .. tostring(text)) end }, { __index = _G })
  elseif line == "ASK" then
    -- The actor and the reason, as numbers of bytes.
    local function bytes(text) return ((text or ""):gsub(".", function(c) return c:byte() .. "," end)) end
    print("A " .. bytes(room.actor) .. " " .. bytes(room.reason))
  else
    line = line:gsub("^>", "")
    local chunk = load("return " .. line, "=console", "t", session) or load(line, "=console", "t", session)
    local fine, result = pcall(chunk or function() error("Sorry, I couldn't understand that", 0) end)
    print((fine and "R " or "E ") .. tostring(result))
  end
  io.stdout:flush()
end
