import CastyCore

/// The future events of a simulated runtime, in order of time. Events of the same instant have an order that the seed
/// determines.
///
/// The order among events of one instant is a random number in the upper 24 bits of the tie-breaker and a count in the
/// lower 40. Events that must keep their own order (the timers of a node) share the upper bits. Each direction of a
/// connection has one arrival event in the queue at a time.
struct EventQueue {
    private struct Slot {
        var payload: EventPayload
        var node: Int32
        var generation: UInt32
    }

    /// Events of the current instant have a heap of their own: they come and go most often, and this heap is small.
    private var soon = EventHeap()
    private var later = EventHeap()
    private var slots: [Slot] = []
    private var free: [UInt32] = []
    private var sequence: UInt64 = 0
    private var withdrawn = 0
    private var schedule: SeededGenerator

    /// The number of waiting events.
    private(set) var count = 0

    init(schedule: SeededGenerator) { self.schedule = schedule }

    /// Adds an event at a random position among the others of its instant.
    @discardableResult
    mutating func add(_ payload: EventPayload, node: Int32, at time: Int64, now: Int64) -> EventTicket {
        let draw = schedule.next()
        return add(payload, node: node, at: time, now: now, order: draw)
    }

    /// Adds an event. Events with equal upper 24 bits of `order` keep the order in which they were added.
    @discardableResult
    mutating func add(_ payload: EventPayload, node: Int32, at time: Int64, now: Int64, order: UInt64) -> EventTicket {
        let slot: UInt32
        if let reused = free.popLast() {
            slot = reused
            slots[Int(slot)].payload = payload
            slots[Int(slot)].node = node
        } else {
            slot = UInt32(slots.count)
            slots.append(Slot(payload: payload, node: node, generation: 0))
        }
        let generation = slots[Int(slot)].generation
        sequence &+= 1
        let tie = order & 0xFFFF_FF00_0000_0000 | sequence & 0xFF_FFFF_FFFF
        let entry = EventEntry(time: time, tie: tie, slot: slot, generation: generation)
        if time <= now { soon.push(entry) } else { later.push(entry) }
        count += 1
        return EventTicket(slot: slot, generation: generation)
    }

    /// Removes an event. Returns `nil` if it has already happened or was removed.
    mutating func remove(_ ticket: EventTicket) -> EventPayload? {
        guard Int(ticket.slot) < slots.count, slots[Int(ticket.slot)].generation == ticket.generation else {
            return nil
        }
        let payload = vacate(ticket.slot)
        withdrawn += 1
        compactIfWorthwhile()
        return payload
    }

    /// Removes the events that satisfy the condition, which is called with each waiting event in the order of the
    /// slots.
    mutating func removeAll(where isPicked: (EventPayload, Int32) -> Bool) -> [EventPayload] {
        var picked: [EventPayload] = []
        for index in slots.indices {
            if case .none = slots[index].payload { continue }
            guard isPicked(slots[index].payload, slots[index].node) else { continue }
            picked.append(vacate(UInt32(index)))
            withdrawn += 1
        }
        compactIfWorthwhile()
        return picked
    }

    /// The time of the next event, or `nil` if none waits.
    mutating func nextTime() -> Int64? {
        dropWithdrawn()
        switch (soon.first, later.first) {
        case (let a?, let b?): return min(a.time, b.time)
        case (let a?, nil): return a.time
        case (nil, let b?): return b.time
        case (nil, nil): return nil
        }
    }

    /// Takes the next event.
    mutating func next() -> DueEvent? {
        dropWithdrawn()
        let entry: EventEntry
        if let a = soon.first {
            if let b = later.first, b < a {
                entry = b
                later.removeFirst()
            } else {
                entry = a
                soon.removeFirst()
            }
        } else if let b = later.first {
            entry = b
            later.removeFirst()
        } else {
            return nil
        }
        let node = slots[Int(entry.slot)].node
        return DueEvent(time: entry.time, node: node, payload: vacate(entry.slot))
    }

    /// Removes everything, and returns it so that it is released outside the queue.
    mutating func removeAll() -> [EventPayload] {
        let payloads = slots.map(\.payload)
        soon.removeAll()
        later.removeAll()
        slots = []
        free = []
        withdrawn = 0
        count = 0
        return payloads
    }

    private mutating func vacate(_ slot: UInt32) -> EventPayload {
        var payload = EventPayload.none
        swap(&payload, &slots[Int(slot)].payload)
        slots[Int(slot)].generation &+= 1
        free.append(slot)
        count -= 1
        return payload
    }

    private mutating func dropWithdrawn() {
        guard withdrawn > 0 else { return }
        while let entry = soon.first, slots[Int(entry.slot)].generation != entry.generation {
            soon.removeFirst()
            withdrawn -= 1
        }
        while let entry = later.first, slots[Int(entry.slot)].generation != entry.generation {
            later.removeFirst()
            withdrawn -= 1
        }
    }

    /// Withdrawn entries stay in their heap until they reach its front. Both heaps are rebuilt when most entries are
    /// withdrawn.
    private mutating func compactIfWorthwhile() {
        guard withdrawn > 1024, withdrawn > count else { return }
        let slots = self.slots
        soon.filter { slots[Int($0.slot)].generation == $0.generation }
        later.filter { slots[Int($0.slot)].generation == $0.generation }
        withdrawn = 0
    }
}
