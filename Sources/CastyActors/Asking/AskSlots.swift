import CastyCore

/// Identifies a waiting question in its ``AskSlots``. The generation is never given twice, so a ticket of a question that
/// has ended does nothing.
struct AskTicket: Hashable, Sendable {
    var index: Int32
    var generation: UInt64

    static let none = AskTicket(index: -1, generation: 0)
}

/// The waiting questions of one shard, in slots that are reused.
///
/// Questions with the same timeout end in the order in which they were asked. So there is a queue for each timeout, a
/// list through the slots, and one timer for the first of it: neither asking nor answering sets or cancels a timer. There
/// are few queues, because a program uses few timeouts; a question with another one has a timer of its own.
struct AskSlots: Sendable {
    /// Whether a question that was added needs a timer.
    enum Timer: Hashable {
        /// One of its queue is set already.
        case armed
        /// One for its queue.
        case arm(queue: Int)
        /// One for itself.
        case own
    }

    private struct Slot {
        var ask: (any AnyPendingAsk)?
        var timer: (any ScheduledTimer)?
        var deadline: Instant
        var generation: UInt64
        var queue: Int32
        var previous: Int32
        var next: Int32

        /// Takes another question, in place. A free slot has no timer.
        mutating func reuse(
            for ask: any AnyPendingAsk, until deadline: Instant, _ generation: UInt64, queue: Int32, previous: Int32
        ) {
            self.ask = ask
            self.deadline = deadline
            self.generation = generation
            self.queue = queue
            self.previous = previous
            next = -1
        }
    }

    private struct Queue {
        let timeout: Duration
        var first: Int32 = -1
        var last: Int32 = -1
        var isArmed = false
    }

    /// The most timeouts that have a queue.
    private static let queueLimit = 8
    /// More slots than these are given back when no question waits.
    private static let idleSlots = 1024

    private var slots: [Slot] = []
    private var firstFree: Int32 = -1
    private var generation: UInt64 = 0
    /// The first has the questions with a timer of their own.
    private var queues = [Queue(timeout: .zero)]
    private(set) var count = 0
    private(set) var isOpen = true

    /// Adds a question; `nil` where none is admitted any more.
    mutating func insert(
        _ ask: any AnyPendingAsk, until deadline: Instant, within timeout: Duration
    ) -> (ticket: AskTicket, timer: Timer)? {
        guard isOpen else { return nil }
        generation &+= 1
        count += 1
        let queue = queue(for: timeout)
        let previous = queues[queue].last
        let used: Int32
        if firstFree >= 0 {
            used = firstFree
            firstFree = slots[Int(used)].next
            slots[Int(used)].reuse(
                for: ask, until: deadline, generation, queue: Int32(queue), previous: previous)
        } else {
            used = Int32(slots.count)
            slots.append(
                Slot(
                    ask: ask, timer: nil, deadline: deadline, generation: generation, queue: Int32(queue),
                    previous: previous, next: -1))
        }
        if previous >= 0 { slots[Int(previous)].next = used } else { queues[queue].first = used }
        queues[queue].last = used
        let ticket = AskTicket(index: used, generation: generation)
        if queue == 0 { return (ticket, .own) }
        if queues[queue].isArmed { return (ticket, .armed) }
        queues[queue].isArmed = true
        return (ticket, .arm(queue: queue))
    }

    private mutating func queue(for timeout: Duration) -> Int {
        var index = 1
        while index < queues.count {
            if queues[index].timeout == timeout { return index }
            index += 1
        }
        if queues.count <= Self.queueLimit {
            queues.append(Queue(timeout: timeout))
            return queues.count - 1
        }
        // A queue without questions and without a timer may serve another timeout.
        guard let idle = queues.indices.dropFirst().first(where: { queues[$0].first < 0 && !queues[$0].isArmed }) else {
            return 0
        }
        queues[idle] = Queue(timeout: timeout)
        return idle
    }

    /// Notes the timer of a question; `false` where the question has ended.
    mutating func set(_ timer: any ScheduledTimer, _ ticket: AskTicket) -> Bool {
        guard holds(ticket) else { return false }
        slots[Int(ticket.index)].timer = timer
        return true
    }

    /// Removes a question. Returns the timer to cancel, if it had one of its own.
    mutating func remove(_ ticket: AskTicket) -> (any ScheduledTimer)? {
        guard holds(ticket) else { return nil }
        let index = Int(ticket.index)
        let (previous, next, queue) = (slots[index].previous, slots[index].next, Int(slots[index].queue))
        if previous >= 0 { slots[Int(previous)].next = next } else { queues[queue].first = next }
        if next >= 0 { slots[Int(next)].previous = previous } else { queues[queue].last = previous }
        let timer = slots[index].timer
        slots[index].ask = nil
        if timer != nil { slots[index].timer = nil }
        slots[index].generation = 0
        slots[index].next = firstFree
        firstFree = ticket.index
        count -= 1
        if count == 0, slots.count > Self.idleSlots { (slots, firstFree) = ([], -1) }
        return timer
    }

    private func holds(_ ticket: AskTicket) -> Bool {
        ticket.generation != 0 && slots.indices.contains(Int(ticket.index))
            && slots[Int(ticket.index)].generation == ticket.generation
    }

    /// The questions of a queue whose time is over, and when to look again; `nil`: when the next one is added.
    ///
    /// They stay here: what ends a question removes it.
    mutating func due(in queue: Int, at now: Instant) -> (asks: [any AnyPendingAsk], timeout: Duration, next: Instant?)
    {
        var asks: [any AnyPendingAsk] = []
        var index = queues[queue].first
        while index >= 0, slots[Int(index)].deadline <= now {
            if let ask = slots[Int(index)].ask { asks.append(ask) }
            index = slots[Int(index)].next
        }
        queues[queue].isArmed = index >= 0
        return (asks, queues[queue].timeout, index >= 0 ? slots[Int(index)].deadline : nil)
    }

    /// The questions that wait, each queue in the order of asking.
    var all: [any AnyPendingAsk] {
        var found: [any AnyPendingAsk] = []
        for queue in queues {
            var index = queue.first
            while index >= 0 {
                if let ask = slots[Int(index)].ask { found.append(ask) }
                index = slots[Int(index)].next
            }
        }
        return found
    }

    /// Admits no further questions. Returns those that wait.
    mutating func close() -> [any AnyPendingAsk] {
        isOpen = false
        return all
    }
}
