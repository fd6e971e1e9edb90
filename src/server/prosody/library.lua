-- The functions that hatrack calls in Prosody. The library is loaded once per connection, into the session of the admin
-- shell, and nothing of it stays when the session ends, except the hooks of watch.lua if the session could not remove
-- them: then they are removed at the end of their lease. For Prosody 0.12 and 13, Lua 5.1 to 5.4. Lines that begin with
-- a comment are not sent.
--
-- A command is "NONCE PIECE NAME REQUEST" (see hatrack.call). Requests and answers are records separated by ";". A
-- record is words separated by " ". In a word, every byte that matches the pattern `escaped` is written as %XX, so that
-- no word can end a string of Lua, a text of XML or a line. An answer is printed in pieces of at most PIECE bytes.
local hatrack, print = ...

local escaped = "[^%w%.%-_:/@=,+~]"
local escapes = {}
for byte = 0, 255 do escapes[string.char(byte)] = string.format("%%%02X", byte) end
local function escape(text) return (text:gsub(escaped, escapes)) end
local function unescape(word) return (word:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)) end

-- Maximum size of a text, in bytes. A hat with a longer title or ID is reported as "odd"; a longer name or nickname is
-- left out.
local max_text_bytes = 16384

local stanza = require "util.stanza"
local valid_utf8 = require "util.encodings".utf8.valid
local split_jid = require "util.jid".split
local now = require "util.time".now

local function muc_of(service)
  local host = prosody.hosts[service]
  return host and host.modules and host.modules.muc
end

-- Whether a value is a text that XMPP allows.
local function is_text(text)
  return type(text) == "string" and valid_utf8(text) and not text:find("[\1-\8\11\12\14-\31]") and not text:find("\0", 1, true)
    and not text:find("\239\191[\190\191]")
end

-- Encodes a hat as one word: flags (1 active, 2 required), "=", title; "-" for no hat. Nil if the value is not a hat.
local function hat_word(hat)
  if not hat then return "-" end
  if type(hat) ~= "table" then return nil end
  local title = hat.title
  if title == nil then title = "" end
  if type(title) ~= "string" or #title > max_text_bytes then return nil end
  return ((hat.active and 1 or 0) + (hat.required and 2 or 0)) .. "=" .. escape(title)
end

-- Decodes a hat; nil for "-".
local function word_hat(word)
  if word == "-" then return nil end
  local flags, title = word:match("^(%d)=(.*)$")
  flags, title = tonumber(flags), unescape(title)
  return { active = flags % 2 == 1, required = flags >= 2, title = title ~= "" and title or nil }
end

-- Puts a user as records: "user JID AFFILIATION [NICKNAME]", then "hat ID HAT" for each hat, "odd ID" for each value
-- that is not a hat, and "odd" for an ID that is not a short text, or hats that are not a table.
local function put_user(put, jid, affiliation, data)
  local nick = type(data) == "table" and data.reserved_nickname
  if type(nick) ~= "string" or #nick > max_text_bytes then nick = "" end
  put("user " .. escape(jid) .. " " .. escape(affiliation) .. (nick ~= "" and " " .. escape(nick) or ""))
  local hats = type(data) == "table" and data.hats
  if not hats then return end
  if type(hats) ~= "table" then put("odd") return end
  for id, hat in pairs(hats) do
    local word = hat_word(hat)
    if type(id) ~= "string" or #id > max_text_bytes then put("odd")
    elseif not word then put("odd " .. escape(id))
    elseif word ~= "-" then put("hat " .. escape(id) .. " " .. word) end
  end
end

-- The stamp of a room distinguishes it from a later one with the same address, because Prosody does not store when a
-- room was created. It is a digest of the room's random salt, which is itself a secret; "-" if there is no salt.
local function stamp_of(data)
  local salt = data.occupant_id_salt
  return type(salt) == "string" and require "util.hashes".sha256("hatrack:" .. salt, true):sub(1, 32) or "-"
end

local functions = {}

-- hello SERVICE…: puts "version VERSION"; "service SERVICE rooms|other|missing" for each given service; "rooms HOST"
-- for every service of rooms on the server.
function functions.hello(put, records)
  put("version " .. escape(tostring(prosody.version)))
  for _, word in ipairs(records[1]) do
    local service = unescape(word)
    if service ~= "" then put("service " .. word .. " " .. (muc_of(service) and "rooms" or prosody.hosts[service] and "other" or "missing")) end
  end
  for host in pairs(prosody.hosts) do
    if muc_of(host) then put("rooms " .. escape(host)) end
  end
end

-- Returns the rooms in memory, by address.
local function live_rooms(muc)
  local live = {}
  for room in muc.live_rooms() do live[room.jid] = room end
  return live
end

-- Returns what is stored of a room, without loading the room into memory; nil if nothing is stored, and the error if
-- that is the reason.
local function stored(muc, jid)
  return muc.module:open_store("config"):get((split_jid(jid)))
end

-- list SERVICE FROM: puts "room JID [NAME]" for each room from this number on, for about 50 ms, then "next NUMBER" if
-- there are more. Or "missing" if the service does not exist, or "failed WHY".
local listed
function functions.list(put, records)
  local service, from = unescape(records[1][1]), tonumber(records[1][2])
  local muc = muc_of(service)
  if not muc then put("missing") return end
  if from == 1 then
    listed = {}
    local names, failed = muc.module:open_store("persistent"):get(nil)
    if failed then put("failed " .. escape(tostring(failed))) return end
    local all = live_rooms(muc)
    for jid in pairs(names or {}) do all[jid] = all[jid] or true end
    for jid in pairs(all) do if type(jid) == "string" then listed[#listed + 1] = jid end end
    table.sort(listed)
  end
  local live, deadline = live_rooms(muc), now() + 0.05
  for number = from, #listed do
    local jid = listed[number]
    local room = live[jid] or stored(muc, jid)
    local data = type(room) == "table" and room._data
    if type(data) == "table" and not data.destroyed then
      local name = type(data.name) == "string" and #data.name <= max_text_bytes and data.name or ""
      put("room " .. escape(jid) .. (name ~= "" and " " .. escape(name) or ""))
    end
    if now() > deadline and number < #listed then put("next " .. (number + 1)) return end
  end
  listed = nil
end

-- read SERVICE ROOM COUNT: puts "gone", "failed WHY", or "found USERS STAMP [NAME]" and up to COUNT users. more COUNT:
-- puts more users. After the last user, both put "end": then all users who are in the room at that time were put.
local reading
local function next_users(put, count)
  local keys, put_count = reading.keys, 0
  while reading.at < #keys and put_count < count do
    reading.at = reading.at + 1
    local jid = keys[reading.at]
    local affiliation = reading.affiliations[jid]
    if type(jid) == "string" and type(affiliation) == "string" then
      put_user(put, jid, affiliation, reading.data[jid])
      put_count = put_count + 1
    end
  end
  if reading.at < #keys then return end
  -- Users who were added since the reading began.
  local known = {}
  for _, jid in ipairs(keys) do known[jid] = true end
  for jid, affiliation in pairs(reading.affiliations) do
    if not known[jid] and type(jid) == "string" and type(affiliation) == "string" then
      put_user(put, jid, affiliation, reading.data[jid])
    end
  end
  put("end")
  reading = nil
end

function functions.read(put, records)
  local service, jid, count = unescape(records[1][1]), unescape(records[1][2]), tonumber(records[1][3])
  local muc = muc_of(service)
  if not muc then put("failed " .. escape("there is no service of rooms " .. service)) return end
  local room = live_rooms(muc)[jid]
  local affiliations, data, room_data
  if room then
    affiliations, data, room_data = room._affiliations, room._affiliation_data, room._data
  else
    local saved_room, failed = stored(muc, jid)
    if failed then put("failed " .. escape(tostring(failed))) return end
    if type(saved_room) ~= "table" then put("gone") return end
    data, room_data = saved_room._affiliation_data or {}, saved_room._data
    affiliations = saved_room.jid and saved_room._affiliations
    if not affiliations then
      affiliations = {}
      for user, affiliation in pairs(saved_room) do
        local _, host, resource = split_jid(user)
        if host and host:sub(1, 1) ~= "_" and not resource and type(affiliation) == "string" then affiliations[user] = affiliation end
      end
    end
  end
  if type(affiliations) ~= "table" or type(data) ~= "table" or type(room_data) ~= "table" then put("failed " .. escape("it is stored in an unknown form")) return end
  if room_data.destroyed then put("gone") return end
  local keys = {}
  for user in pairs(affiliations) do keys[#keys + 1] = user end
  reading = { affiliations = affiliations, data = data, keys = keys, at = 0 }
  local name = type(room_data.name) == "string" and #room_data.name <= max_text_bytes and room_data.name or ""
  put("found " .. #keys .. " " .. stamp_of(room_data) .. (name ~= "" and " " .. escape(name) or ""))
  next_users(put, count)
end

function functions.more(put, records)
  if not reading then put("failed " .. escape("nothing is being read")) return end
  next_users(put, tonumber(records[1][1]))
end

-- The part of a user's hats that the room shows to others, as one text: the active hats.
local function visible(hats)
  local shown = {}
  for id, hat in pairs(type(hats) == "table" and hats or {}) do
    if type(hat) == "table" and hat.active then shown[#shown + 1] = #tostring(id) .. ":" .. tostring(id) .. tostring(hat.title) .. ";" end
  end
  table.sort(shown)
  return table.concat(shown, ";")
end

-- Changes one user. `changes` are the records "hat ID EXPECTED WANTED" and "affiliation EXPECTED WANTED [REASON]".
-- Before the latter, "whole" and "with ID HAT" for each hat say that the user must have exactly these hats. Puts an
-- answer to each change: "ok", "changed VALUE", "none" for a user without affiliation, "bad" for an unacceptable hat,
-- "odd" for a stored value that is not a hat, "owner" if the room would have no owner, or "refused CONDITION". Returns
-- whether the room is to be saved.
local function change_user(put, room, occupants, jid, changes)
  local affiliation = room._affiliations[jid]
  local data = room._affiliation_data[jid]
  local current = data and data.hats
  local hats, touched, wanted_affiliation, reason = {}, false, nil, nil
  local whole, with, answers, save = false, {}, {}, false
  if type(current) == "table" then for id, hat in pairs(current) do hats[id] = hat end end
  local target = affiliation or "none"
  for _, change in ipairs(changes) do
    local kind = change[1]
    if kind == "whole" then whole, with = true, {}
    elseif kind == "with" then with[unescape(change[2])] = change[3]
    elseif kind == "affiliation" then
      local expected, wanted = change[2], change[3]
      local answer
      if target == wanted then answer, save = "ok", true
      elseif target ~= expected then answer = "changed " .. target
      elseif target == "owner" then
        answer = "owner"
        for other, other_affiliation in pairs(room._affiliations) do
          if other_affiliation == "owner" and other ~= jid then answer = nil break end
        end
      end
      if not answer and whole then
        if current ~= nil and type(current) ~= "table" then answer = "odd" end
        for id, hat in pairs(hats) do
          if hat_word(hat) ~= (with[id] or "-") then answer = "changed " .. target end
          with[id] = nil
        end
        if next(with) ~= nil then answer = "changed " .. target end
      end
      if not answer then target, reason, wanted_affiliation, answer = wanted, change[4] and unescape(change[4]), wanted, "ok" end
      answers[#answers + 1] = answer
    else
      local id, expected, wanted = unescape(change[2]), change[3], change[4]
      local word = hat_word(hats[id])
      if current ~= nil and type(current) ~= "table" then answers[#answers + 1] = "odd"
      elseif target == "none" then answers[#answers + 1] = wanted == "-" and "ok" or "none"
      elseif not word then answers[#answers + 1] = "odd"
      elseif word == wanted then answers[#answers + 1], save = "ok", true
      elseif word ~= expected then answers[#answers + 1] = "changed " .. word
      else
        local hat = word_hat(wanted)
        if hat and not (is_text(id) and (hat.title == nil or is_text(hat.title))) then answers[#answers + 1] = "bad"
        else
          -- Other fields that are stored with the hat are kept.
          if hat then for key, value in pairs(hats[id] or {}) do if hat[key] == nil and key ~= "title" then hat[key] = value end end end
          hats[id], touched = hat, true
          answers[#answers + 1] = "ok"
        end
      end
    end
  end
  local failed
  if wanted_affiliation then
    local all = {}
    for key, value in pairs(data or {}) do all[key] = value end
    if touched then all.hats = next(hats) ~= nil and hats or nil end
    local done, kind, condition = room:set_affiliation(true, jid, target, reason, target ~= "none" and all or nil)
    if not done then failed = "refused " .. escape(tostring(condition or kind)) end
  elseif touched then
    -- set_affiliation is not used: it would give a muted member voice again, and notify all moderators of every user
    -- who is offline.
    local before = visible(current)
    room:set_affiliation_data(jid, "hats", next(hats) ~= nil and hats or nil)
    if visible(hats) ~= before then
      for _, occupant in ipairs(occupants[jid] or {}) do
        room:publicise_occupant_status(occupant, stanza.stanza("x", { xmlns = "http://jabber.org/protocol/muc#user" }))
      end
    end
  end
  for _, answer in ipairs(answers) do put(answer == "ok" and failed or answer) end
  return not failed and (save or touched or wanted_affiliation ~= nil)
end

-- apply SERVICE ROOM ACTOR STAMP; then for each user "user JID" and the changes. Puts the answers in the same order,
-- "error WHY" for those of a user whose changes may have been made in part, then "saved" or "unsaved WHY". If nothing
-- was done, puts only "gone", "failed WHY", or "another" if the room has another stamp; the stamp "-" fits any room.
-- Nothing here waits, and Prosody has one thread, so nothing else can happen between comparing and setting.
function functions.apply(put, records)
  local service, jid, actor = unescape(records[1][1]), unescape(records[1][2]), unescape(records[1][3])
  local stamp = records[1][4]
  local muc = muc_of(service)
  if not muc then put("failed " .. escape("there is no service of rooms " .. service)) return end
  local room = muc.get_room_from_jid(jid)
  if room == nil or room and room._data.destroyed then put("gone") return end
  if stamp ~= "-" and stamp ~= escape(stamp_of(room._data)) then put("another") return end
  local save = room and rawget(room, "save")
  if not save then put("failed " .. escape("the server cannot load the room")) return end
  local occupants = {}
  for _, occupant in room:each_occupant() do
    local user = occupant.bare_jid
    occupants[user] = occupants[user] or {}
    table.insert(occupants[user], occupant)
  end
  local users, changed = {}, false
  for number = 2, #records do
    local record = records[number]
    if record[1] == "user" then users[#users + 1] = { jid = unescape(record[2]), changes = {} }
    else table.insert(users[#users].changes, record) end
  end
  room.save = function() return true end
  local fine, failed = pcall(function()
    for _, user in ipairs(users) do
      local answers = {}
      local ok, result = pcall(change_user, function(answer) answers[#answers + 1] = answer end, room, occupants, user.jid, user.changes)
      if ok then
        changed = result or changed
        for _, answer in ipairs(answers) do put(answer) end
      else
        -- The changes of this user may have been made in part.
        changed = true
        for _, change in ipairs(user.changes) do
          if change[1] == "hat" or change[1] == "affiliation" then put("error " .. escape(tostring(result))) end
        end
      end
    end
  end)
  room.save = save
  if not fine then error(failed, 0) end
  if not changed then put("saved") return end
  muc.module:log("info", "hatrack: %s changed hats or affiliations of %d users in %s", actor, #users, jid)
  local saved, why = room:save(true)
  if saved then put("saved") else put("unsaved " .. escape(tostring(why))) end
end

-- Runs one command, whose parts were put into the buffer before. Prints the answer in pieces, "hatrack NONCE NUMBER
-- PIECE", and returns "hatrack NONCE done COUNT" or "hatrack NONCE failed WHY".
function hatrack.call()
  local text = table.concat(hatrack.buffer)
  hatrack.buffer = {}
  local nonce, piece, name, request = text:match("^(%w+) (%d+) (%w+) ?(.*)$")
  piece = tonumber(piece)
  local records = {}
  for record in (request .. ";"):gmatch("([^;]*);") do
    local words = {}
    for word in (record .. " "):gmatch("([^ ]*) ") do words[#words + 1] = word end
    records[#records + 1] = words
  end
  local pending, size, number = {}, 0, 0
  local function flush(all)
    local text = table.concat(pending, ";")
    local at = 1
    while #text - at + 1 > piece or all and at <= #text do
      number = number + 1
      print("hatrack " .. nonce .. " " .. number .. " " .. text:sub(at, at + piece - 1))
      at = at + piece
    end
    pending = { text:sub(at) }
    size = #pending[1]
  end
  local function put(record)
    pending[#pending + 1] = record
    size = size + #record + 1
    if size > piece then flush(false) end
  end
  local fine, failed = pcall(functions[name], put, records)
  if fine then
    flush(true)
    return "hatrack " .. nonce .. " done " .. number
  end
  return "hatrack " .. nonce .. " failed " .. escape(tostring(failed)):sub(1, 2000)
end
