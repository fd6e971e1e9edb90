-- Reports who is in the rooms. Loaded between library.lua and watch.lua. Hooks only note that something happened in a
-- room. When hatrack looks, the occupants of the room are compared with those that were reported before, so that only
-- differences are reported, and nothing is missed for long.

-- Maximum number of reported users of a room, of nicknames of a user, and of bytes of a nickname.
local max_occupants, max_nicks, max_nick_bytes = 5000, 5, 255
-- After this number of seconds, a room is compared although nothing was noted.
local compare_again = 60

local occupants = {}
-- The rooms whose occupants are reported, by address, and their addresses in order.
local reported_rooms, reported_order = {}, {}

-- Reports the occupants of exactly these rooms from now on.
function occupants.watch(jids)
  local before = reported_rooms
  reported_rooms, reported_order = {}, jids
  for _, jid in ipairs(jids) do
    reported_rooms[jid] = before[jid] or { noted = true, reported = {}, new = true }
  end
end

-- Notes that something happened in a room.
function occupants.note(jid)
  local room = reported_rooms[jid]
  if room then room.noted = true end
end

-- Whether there are rooms to be compared.
function occupants.is_noted()
  for _, room in pairs(reported_rooms) do
    if room.noted then return true end
  end
  return false
end

-- Returns a nickname, cut between two characters if it is too long; nil if there is none.
local function short_nick(nick)
  if type(nick) ~= "string" or nick == "" then return nil end
  if #nick <= max_nick_bytes then return nick end
  local last = max_nick_bytes
  while last > 0 and nick:byte(last + 1) >= 128 and nick:byte(last + 1) < 192 do last = last - 1 end
  return nick:sub(1, last)
end

-- Returns the users of a room by address, each as a text: the reserved nickname, then the nicknames in use, each after
-- a zero byte, which no nickname has.
local function present(muc, jid, room)
  local present_occupants, data
  if room then
    present_occupants, data = room._occupants, room._affiliation_data
  else
    local saved_room = stored(muc, jid)
    present_occupants, data = muc.module:open_store("state"):get((split_jid(jid))), type(saved_room) == "table" and saved_room._affiliation_data
  end
  local nicks, users, count = {}, {}, 0
  for address, occupant in pairs(type(present_occupants) == "table" and present_occupants or {}) do
    local user = type(occupant) == "table" and occupant.bare_jid
    if type(user) == "string" and type(address) == "string" then
      local _, _, nick = split_jid(address)
      nick = short_nick(nick)
      if nick and not nicks[user] then
        count = count + 1
        if count > max_occupants then break end
        nicks[user] = {}
      end
      if nick then table.insert(nicks[user], nick) end
    end
  end
  for user, used in pairs(nicks) do
    table.sort(used)
    for number = #used, max_nicks + 1, -1 do used[number] = nil end
    users[user] = "\0" .. table.concat(used, "\0")
  end
  for user, more in pairs(type(data) == "table" and data or {}) do
    local nick = type(user) == "string" and type(more) == "table" and short_nick(more.reserved_nickname)
    if nick and not nick:find("\0", 1, true) then
      if not users[user] then count = count + 1 end
      if users[user] or count <= max_occupants then users[user] = nick .. (users[user] or "") end
    end
  end
  return users
end

-- Puts the differences to what was reported, until there are `most` or the time is over, and returns their number.
local function put_differences(put, room, users, most, deadline)
  local taken = 0
  local function is_enough()
    taken = taken + 1
    return taken >= most or taken % 50 == 0 and now() > deadline
  end
  for user in pairs(room.reported) do
    if not users[user] then
      put("left " .. escape(user))
      room.reported[user] = nil
      if is_enough() then return taken end
    end
  end
  for user, text in pairs(users) do
    if room.reported[user] ~= text then
      local words, reserved = {}, text:match("^%Z*")
      for nick in text:gmatch("%z(%Z*)") do words[#words + 1] = " " .. escape(nick) end
      put("there " .. escape(user) .. " =" .. escape(reserved) .. table.concat(words))
      room.reported[user] = text
      if is_enough() then return taken end
    end
  end
  room.noted = false
  return taken
end

-- Puts, for each room whose occupants changed: "occupants ROOM", with "new" if nothing that was reported before counts;
-- "there JID =RESERVED NICK…" for each changed user with a nickname, "left JID" for each user who no longer has one;
-- "all" after the last one. Or "unknown" if the occupants cannot be read. Returns whether there is more to report than
-- `left` users or than fits into the time.
function occupants.report(put, left, deadline)
  local live = {}
  for _, jid in ipairs(reported_order) do
    local room = reported_rooms[jid]
    local _, service = split_jid(jid)
    local muc = muc_of(service)
    live[service] = live[service] or muc and live_rooms(muc) or {}
    local live_room = live[service][jid]
    local is_due = now() - (room.compared or 0) > compare_again
    -- A room that is not in memory does not change.
    if room.noted or live_room and live_room ~= room.object or is_due and live_room then
      if left <= 0 or now() > deadline then return true end
      room.object, room.compared, room.noted = live_room, now(), true
      local put_here = function(record)
        if not room.is_put then
          put("occupants " .. escape(jid) .. (room.new and " new" or ""))
          room.is_put, room.new = true, false
        end
        put(record)
      end
      local ok, users = pcall(function() return muc and present(muc, jid, live_room) end)
      if ok and users then
        local is_new = room.new
        left = left - put_differences(put_here, room, users, left, deadline)
        if not room.noted and (room.is_put or is_new or room.rest) then put_here("all") end
        room.rest = room.noted
      else
        put_here("unknown")
        room.noted, room.reported, room.new = false, {}, true
      end
      room.is_put = false
      if room.noted then return true end
    end
  end
  return false
end
