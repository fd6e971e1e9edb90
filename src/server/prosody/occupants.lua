-- Who is in the rooms; between library.lua and watch.lua. Hooks only note that something happened in a room. Then its
-- occupants are compared with those that were told before, so that only differences are told, and nothing is missed for long.

-- So many users of a room are told, so many nicknames of each, and so many bytes of a nickname.
local most_occupants, most_nicks, longest_nick = 5000, 5, 255
-- After so many seconds, a room is compared although nothing was noted.
local compare_again = 60

local occupants = {}
-- The rooms by address, and their addresses in order.
local told_rooms, told_order = {}, {}

-- Exactly these rooms from now on.
function occupants.watch(jids)
  local before = told_rooms
  told_rooms, told_order = {}, jids
  for _, jid in ipairs(jids) do
    told_rooms[jid] = before[jid] or { noted = true, told = {}, new = true }
  end
end

function occupants.note(jid)
  local room = told_rooms[jid]
  if room then room.noted = true end
end

function occupants.is_noted()
  for _, room in pairs(told_rooms) do
    if room.noted then return true end
  end
  return false
end

-- A nickname that is not too long; it is not cut within a character.
local function short_nick(nick)
  if type(nick) ~= "string" or nick == "" then return nil end
  if #nick <= longest_nick then return nick end
  local last = longest_nick
  while last > 0 and nick:byte(last + 1) >= 128 and nick:byte(last + 1) < 192 do last = last - 1 end
  return nick:sub(1, last)
end

-- The users of a room by address, each as a text: the reserved nickname, then those in use. A zero byte, which none of them
-- has, stands before each of the latter.
local function present(muc, jid, room)
  local there, data
  if room then
    there, data = room._occupants, room._affiliation_data
  else
    local frozen = stored(muc, jid)
    there, data = muc.module:open_store("state"):get((split_jid(jid))), type(frozen) == "table" and frozen._affiliation_data
  end
  local nicks, users, count = {}, {}, 0
  for address, occupant in pairs(type(there) == "table" and there or {}) do
    local user = type(occupant) == "table" and occupant.bare_jid
    if type(user) == "string" and type(address) == "string" then
      local _, _, nick = split_jid(address)
      nick = short_nick(nick)
      if nick and not nicks[user] then
        count = count + 1
        if count > most_occupants then break end
        nicks[user] = {}
      end
      if nick then table.insert(nicks[user], nick) end
    end
  end
  for user, used in pairs(nicks) do
    table.sort(used)
    for number = #used, most_nicks + 1, -1 do used[number] = nil end
    users[user] = "\0" .. table.concat(used, "\0")
  end
  for user, more in pairs(type(data) == "table" and data or {}) do
    local nick = type(user) == "string" and type(more) == "table" and short_nick(more.reserved_nickname)
    if nick and not nick:find("\0", 1, true) then
      if not users[user] then count = count + 1 end
      if users[user] or count <= most_occupants then users[user] = nick .. (users[user] or "") end
    end
  end
  return users
end

-- Puts what differs from what was told, until there are `most` or the time is over, and gives how many.
local function put_differences(put, room, users, most, till)
  local taken = 0
  local function is_enough()
    taken = taken + 1
    return taken >= most or taken % 50 == 0 and now() > till
  end
  for user in pairs(room.told) do
    if not users[user] then
      put("left " .. escape(user))
      room.told[user] = nil
      if is_enough() then return taken end
    end
  end
  for user, text in pairs(users) do
    if room.told[user] ~= text then
      local words, reserved = {}, text:match("^%Z*")
      for nick in text:gmatch("%z(%Z*)") do words[#words + 1] = " " .. escape(nick) end
      put("there " .. escape(user) .. " =" .. escape(reserved) .. table.concat(words))
      room.told[user] = text
      if is_enough() then return taken end
    end
  end
  room.noted = false
  return taken
end

-- Of each room in which somebody came or went: "occupants ROOM", with "new" if nothing that was told before counts; "there JID
-- =RESERVED NICK…" of each user with a nickname, "left JID" of who has none any longer; "all" after the last one; "unknown"
-- instead if it is not known. Returns whether there are more than `left`, or it takes long.
function occupants.tell(put, left, till)
  local live = {}
  for _, jid in ipairs(told_order) do
    local room = told_rooms[jid]
    local _, service = split_jid(jid)
    local muc = muc_of(service)
    live[service] = live[service] or muc and live_rooms(muc) or {}
    local there = live[service][jid]
    local is_due = now() - (room.compared or 0) > compare_again
    -- What is not in memory does not change.
    if room.noted or there and there ~= room.object or is_due and there then
      if left <= 0 or now() > till then return true end
      room.object, room.compared, room.noted = there, now(), true
      local put_here = function(record)
        if not room.is_put then
          put("occupants " .. escape(jid) .. (room.new and " new" or ""))
          room.is_put, room.new = true, false
        end
        put(record)
      end
      local fine, users = pcall(function() return muc and present(muc, jid, there) end)
      if fine and users then
        local is_new = room.new
        left = left - put_differences(put_here, room, users, left, till)
        if not room.noted and (room.is_put or is_new or room.rest) then put_here("all") end
        room.rest = room.noted
      else
        put_here("unknown")
        room.noted, room.told, room.new = false, {}, true
      end
      room.is_put = false
      if room.noted then return true end
    end
  end
  return false
end
