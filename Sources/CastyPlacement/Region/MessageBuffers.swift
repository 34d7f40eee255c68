import CastyCore

/// The messages that wait for a home, by shard, and the count of all that wait in a region.
struct MessageBuffers<Payload: Sendable>: Sendable {
    private(set) var messages: [[BufferedMessage<Payload>]]
    /// By shard: whether its buffer begins with messages that a handoff left here.
    var hasLeftover: [Bool]
    /// The shards with a non-empty buffer, ascending.
    private(set) var shards: [Int] = []
    /// All buffered messages of the region: in these buffers, held, and for entities.
    private(set) var total = 0

    init(count: Int) {
        messages = Array(repeating: [], count: count)
        hasLeftover = Array(repeating: false, count: count)
    }

    subscript(shard: Int) -> [BufferedMessage<Payload>] { _read { yield messages[shard] } }

    /// Messages wait from now on, here or elsewhere in the region.
    mutating func countIn(_ count: Int) { total += count }

    /// Messages that waited elsewhere in the region no longer do.
    mutating func countOut(_ count: Int) { total -= count }

    // The messages given to these have been counted.

    mutating func append(_ message: BufferedMessage<Payload>, to shard: Int) {
        messages[shard].append(message)
        shards.insertSorted(shard)
    }

    /// A message was returned: it goes to its place among those sent before and after it, or to the end of them.
    mutating func insert(_ message: BufferedMessage<Payload>, into shard: Int, sorts: Bool) {
        let index = messages[shard].lowerBound { !sorts || $0.sequence <= message.sequence }
        messages[shard].insert(message, at: index)
        shards.insertSorted(shard)
        if message.sequence == 0 { hasLeftover[shard] = true }
    }

    /// Messages that a handoff left here go behind earlier ones of that kind, and ahead of all others.
    mutating func insert(leftovers: [BufferedMessage<Payload>], into shard: Int) {
        var leftovers = leftovers
        for index in leftovers.indices { leftovers[index].sequence = 0 }
        messages[shard].insert(contentsOf: leftovers, at: messages[shard].lowerBound { $0.sequence == 0 })
        shards.insertSorted(shard)
        hasLeftover[shard] = true
    }

    /// Takes all messages of a shard out; they no longer count.
    mutating func takeAll(of shard: Int) -> [BufferedMessage<Payload>] {
        let taken = messages[shard]
        messages[shard] = []
        shards.removeSorted(shard)
        total -= taken.count
        return taken
    }

    /// Takes out the messages that do not stay.
    ///
    /// `hasLeftover` remains: the new home must still receive the end of the transfer.
    mutating func keep(_ left: [BufferedMessage<Payload>], of shard: Int) {
        total -= messages[shard].count - left.count
        messages[shard] = left
        if left.isEmpty { shards.removeSorted(shard) }
    }
}

/// A message that waits.
struct BufferedMessage<Payload: Sendable>: Sendable {
    var entity: String
    var payload: Payload
    var sequence: UInt64
    var since: Instant
    var isRetry = false
    /// For a question: how long its asker waits while there is no home.
    var asks: AskPatience?
}
