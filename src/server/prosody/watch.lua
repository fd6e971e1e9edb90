-- Watching rooms; continues library.lua. Hooks of this session note which users and rooms change, by their names only; "look"
-- tells what they are then, and then who is in the room (occupants.lua). The hooks go when nobody has looked for the time of
-- the lease: 13 never notices that its reader is gone.
local time = require "util.time"
local clock = time.monotonic or now
local add_task = require "util.timer".add_task
local bare_jid = require "util.jid".bare

-- So many users of a room are noted; past them, the whole room.
local most_noted = 2000

-- Of each watched room the users who changed, with who did it, false: not known or not one; or that anything may have changed.
local watched, changed = {}, {}
-- The watched rooms of each service.
local services = {}
-- Of each service the module that the hooks are set in, and the hooks by event.
local hooked = {}
local lease, lease_end, timing = 60, 0, false

local function note_room(jid)
  local room = watched[jid]
  if not room then return end
  room.whole, room.users, room.count = true, {}, 0
  changed[jid] = true
end

local function note_user(jid, user, actor)
  local room = watched[jid]
  if not room or room.whole then return end
  if type(user) ~= "string" then note_room(jid) return end
  actor = type(actor) == "string" and bare_jid(actor) or false
  local before = room.users[user]
  if before == nil then
    room.count = room.count + 1
    if room.count > most_noted then note_room(jid) return end
    room.users[user] = actor
  elseif before ~= actor then room.users[user] = false end
  changed[jid] = true
end

local function of_occupants(event) occupants.note(event.room.jid) end
local function of_user(event) of_occupants(event) note_user(event.room.jid, event.jid, event.actor) end
local function of_room(event) of_occupants(event) note_room(event.room.jid) end

local events = {
  -- Before it is done: what other modules do afterwards may fail.
  ["muc-pre-set-affiliation"] = of_user,
  ["muc-set-affiliation-data/hats"] = of_user,
  ["muc-set-affiliation-data/reserved_nickname"] = of_user,
  ["muc-config-submitted"] = of_room,
  ["muc-room-created"] = of_room,
  ["muc-room-destroyed"] = of_room,
  -- Whoever comes, goes or changes the nickname, after it is done.
  ["muc-broadcast-presence"] = of_occupants,
  ["muc-occupant-joined"] = of_occupants,
  ["muc-occupant-left"] = of_occupants,
}

local function unhook(service)
  local there = hooked[service]
  hooked[service] = nil
  for event, handler in pairs(there and there.handlers or {}) do pcall(there.module.unhook, there.module, event, handler) end
end

local function unhook_all() for service in pairs(hooked) do unhook(service) end end

local function hook(service, module)
  local handlers = {}
  for event, note in pairs(events) do
    -- Whatever happens here must not disturb the server.
    handlers[event] = function(of)
      if clock() > lease_end then unhook_all() else pcall(note, of) end
    end
    module:hook(event, handlers[event], 1000)
  end
  hooked[service] = { module = module, handlers = handlers }
end

local function check_lease()
  local left = lease_end - clock()
  if left > 0 then return left + 0.1 end
  unhook_all()
  timing = false
end

-- Extends the lease, and sets the hooks where they are missing: at first, after the lease, where the service was loaded again.
-- Meanwhile anything may have happened in the rooms that were watched before.
local function renew()
  lease_end = clock() + lease
  for service in pairs(hooked) do
    if not services[service] then unhook(service) end
  end
  for service, jids in pairs(services) do
    local muc, there = muc_of(service), hooked[service]
    local module = muc and muc.module
    if (there and there.module) ~= module then
      unhook(service)
      if module then hook(service, module) end
      for _, jid in ipairs(jids) do
        occupants.note(jid)
        if watched[jid] and not watched[jid].new then note_room(jid) end
      end
    end
  end
  if not timing and next(hooked) then
    timing = true
    add_task(lease, check_lease)
  end
end

-- watch LEASE ROOM…;ROOM…: exactly these rooms from now on, until nobody has looked for LEASE seconds: the first for changes,
-- the second for who is there.
function functions.watch(_, records)
  lease = tonumber(records[1][1])
  local before = watched
  watched, services = {}, {}
  local function of_service(jid)
    local _, service = split_jid(jid)
    services[service] = services[service] or {}
    table.insert(services[service], jid)
  end
  for number = 2, #records[1] do
    local jid = unescape(records[1][number])
    watched[jid] = before[jid] or { users = {}, count = 0, new = true }
    of_service(jid)
  end
  local rooms = {}
  for _, word in ipairs(records[2] or {}) do
    local jid = unescape(word)
    if jid ~= "" then
      rooms[#rooms + 1] = jid
      if not watched[jid] then of_service(jid) end
    end
  end
  occupants.watch(rooms)
  for jid in pairs(changed) do
    if not watched[jid] then changed[jid] = nil end
  end
  renew()
  for _, room in pairs(watched) do room.new = nil end
end

-- Puts users who changed, as they are now, until there are `most` or the time is over, and gives how many.
local function put_noted(put, jid, room, there, most, till)
  local groups, taken = {}, 0
  for user, actor in pairs(room.users) do
    local group = groups[actor] or {}
    groups[actor] = group
    local affiliation = there._affiliations[user]
    if type(affiliation) ~= "string" then group[#group + 1] = "none " .. escape(user)
    else put_user(function(record) group[#group + 1] = record end, user, affiliation, there._affiliation_data[user]) end
    room.users[user] = nil
    room.count, taken = room.count - 1, taken + 1
    if taken >= most or now() > till then break end
  end
  for actor, group in pairs(groups) do
    put("users " .. escape(jid) .. " " .. (actor and escape(actor) or "-"))
    for _, record in ipairs(group) do put(record) end
  end
  return taken
end

-- look COUNT: of each room that changed "room ROOM" where anything may have changed, or "users ROOM BY", "-" for nobody known,
-- with its users as they are now, "none JID" for one without affiliation. Then who is in the rooms (occupants.lua). "more":
-- there are more than COUNT, or it takes long.
function functions.look(put, records)
  local left, till = tonumber(records[1][1]), now() + 0.05
  renew()
  local live = {}
  for jid in pairs(changed) do
    local room = watched[jid]
    local _, service = split_jid(jid)
    local muc = muc_of(service)
    live[service] = live[service] or muc and live_rooms(muc) or {}
    local there = live[service][jid]
    local fine, taken = false, 1
    if there and not room.whole then fine, taken = pcall(put_noted, put, jid, room, there, left, till) end
    if not fine then
      put("room " .. escape(jid))
      room.whole, room.users, room.count = nil, {}, 0
    end
    if next(room.users) == nil then changed[jid] = nil end
    left = left - (fine and taken or 1)
    if left <= 0 or now() > till then
      if next(changed) or occupants.is_noted() then put("more") end
      return
    end
  end
  if occupants.tell(put, left, till) then put("more") end
end

-- Removes the hooks, since nobody will look again.
function hatrack.stop() unhook_all() end
