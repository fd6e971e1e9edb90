-- Watches rooms. Loaded after library.lua and occupants.lua. Hooks of this session only note the addresses of users and
-- rooms that change; "look" reports their current state, and then who is in the rooms (occupants.lua). The hooks are
-- removed if hatrack has not looked for the time of the lease, because Prosody 13 never notices that the reader of a
-- session is gone.
local time = require "util.time"
local clock = time.monotonic or now
local add_task = require "util.timer".add_task
local bare_jid = require "util.jid".bare

-- Maximum number of noted users of a room; if more users change, the whole room is noted.
local max_noted = 2000

-- `watched` has for each watched room the users who changed, each with the actor (false if that is not known, or there
-- were several), or that anything may have changed. `changed` has the addresses of the rooms in which something was
-- noted.
local watched, changed = {}, {}
-- The watched rooms of each service.
local services = {}
-- For each service, the module in which the hooks are set, and the hooks by event.
local hooked = {}
-- The duration of the lease in seconds, its end, and whether a timer checks it.
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
    if room.count > max_noted then note_room(jid) return end
    room.users[user] = actor
  elseif before ~= actor then room.users[user] = false end
  changed[jid] = true
end

local function note_occupants_of(event) occupants.note(event.room.jid) end
local function note_user_of(event) note_occupants_of(event) note_user(event.room.jid, event.jid, event.actor) end
local function note_room_of(event) note_occupants_of(event) note_room(event.room.jid) end

local events = {
  -- The event before the change, because other modules may fail after the change.
  ["muc-pre-set-affiliation"] = note_user_of,
  ["muc-set-affiliation-data/hats"] = note_user_of,
  ["muc-set-affiliation-data/reserved_nickname"] = note_user_of,
  ["muc-config-submitted"] = note_room_of,
  ["muc-room-created"] = note_room_of,
  ["muc-room-destroyed"] = note_room_of,
  -- The events after an occupant has joined, left or changed the nickname.
  ["muc-broadcast-presence"] = note_occupants_of,
  ["muc-occupant-joined"] = note_occupants_of,
  ["muc-occupant-left"] = note_occupants_of,
}

local function unhook(service)
  local hooks = hooked[service]
  hooked[service] = nil
  for event, handler in pairs(hooks and hooks.handlers or {}) do pcall(hooks.module.unhook, hooks.module, event, handler) end
end

local function unhook_all() for service in pairs(hooked) do unhook(service) end end

local function hook(service, module)
  local handlers = {}
  for event, note in pairs(events) do
    -- Errors of a hook must not disturb the server.
    handlers[event] = function(data)
      if clock() > lease_end then unhook_all() else pcall(note, data) end
    end
    module:hook(event, handlers[event], 1000)
  end
  hooked[service] = { module = module, handlers = handlers }
end

-- The timer of the lease: returns the time until its next call; nil after the end of the lease, when it removes the
-- hooks.
local function check_lease()
  local left = lease_end - clock()
  if left > 0 then return left + 0.1 end
  unhook_all()
  timing = false
end

-- Extends the lease, and sets the hooks where they are missing: in the beginning, after the end of the lease, and after
-- the service was reloaded. While hooks were missing, anything may have changed in the rooms that were watched before.
local function renew()
  lease_end = clock() + lease
  for service in pairs(hooked) do
    if not services[service] then unhook(service) end
  end
  for service, jids in pairs(services) do
    local muc, hooks = muc_of(service), hooked[service]
    local module = muc and muc.module
    if (hooks and hooks.module) ~= module then
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

-- watch LEASE ROOM…;ROOM…: watches exactly these rooms from now on, until nothing has looked for LEASE seconds: the
-- first ones for changes, the second ones for their occupants.
function functions.watch(_, records)
  lease = tonumber(records[1][1])
  local before = watched
  watched, services = {}, {}
  local function add_to_service(jid)
    local _, service = split_jid(jid)
    services[service] = services[service] or {}
    table.insert(services[service], jid)
  end
  for number = 2, #records[1] do
    local jid = unescape(records[1][number])
    watched[jid] = before[jid] or { users = {}, count = 0, new = true }
    add_to_service(jid)
  end
  local rooms = {}
  for _, word in ipairs(records[2] or {}) do
    local jid = unescape(word)
    if jid ~= "" then
      rooms[#rooms + 1] = jid
      if not watched[jid] then add_to_service(jid) end
    end
  end
  occupants.watch(rooms)
  for jid in pairs(changed) do
    if not watched[jid] then changed[jid] = nil end
  end
  renew()
  for _, room in pairs(watched) do room.new = nil end
end

-- Puts the users of a room who changed, as they are now, until there are `most` or the time is over. Returns their
-- number.
local function put_noted(put, jid, room, live_room, most, deadline)
  local groups, taken = {}, 0
  for user, actor in pairs(room.users) do
    local group = groups[actor] or {}
    groups[actor] = group
    local affiliation = live_room._affiliations[user]
    if type(affiliation) ~= "string" then group[#group + 1] = "none " .. escape(user)
    else put_user(function(record) group[#group + 1] = record end, user, affiliation, live_room._affiliation_data[user]) end
    room.users[user] = nil
    room.count, taken = room.count - 1, taken + 1
    if taken >= most or now() > deadline then break end
  end
  for actor, group in pairs(groups) do
    put("users " .. escape(jid) .. " " .. (actor and escape(actor) or "-"))
    for _, record in ipairs(group) do put(record) end
  end
  return taken
end

-- look COUNT: for each room that changed, puts "room ROOM" if anything may have changed, or "users ROOM ACTOR" ("-":
-- not known) and the users as they are now, "none JID" for a user without affiliation. Then puts who is in the rooms
-- (occupants.lua), and "more" if there are more changes than COUNT or than fit into the time.
function functions.look(put, records)
  local left, deadline = tonumber(records[1][1]), now() + 0.05
  renew()
  local live = {}
  for jid in pairs(changed) do
    local room = watched[jid]
    local _, service = split_jid(jid)
    local muc = muc_of(service)
    live[service] = live[service] or muc and live_rooms(muc) or {}
    local live_room = live[service][jid]
    local ok, taken = false, 1
    if live_room and not room.whole then ok, taken = pcall(put_noted, put, jid, room, live_room, left, deadline) end
    if not ok then
      put("room " .. escape(jid))
      room.whole, room.users, room.count = nil, {}, 0
    end
    if next(room.users) == nil then changed[jid] = nil end
    left = left - (ok and taken or 1)
    if left <= 0 or now() > deadline then
      if next(changed) or occupants.is_noted() then put("more") end
      return
    end
  end
  if occupants.report(put, left, deadline) then put("more") end
end

-- Removes the hooks, because nothing will look again.
function hatrack.stop() unhook_all() end
