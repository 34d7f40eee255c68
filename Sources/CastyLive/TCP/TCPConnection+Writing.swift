import CastyCore
import NIOCore
import Synchronization

extension TCPConnection {
    /// How many buffers are pulled before other connections of the node get a turn.
    private static let pullsInARow = 16
    /// The smallest buffer that is offered. It grows as the handler fills it.
    private static let smallestBuffer = 1024

    func requestWrite() {
        if isPullRequested.exchange(true, ordering: .acquiringAndReleasing) { return }
        if transport.loop.inEventLoop, transport.isReading { return transport.pullsDue.append(self) }
        if let reader = transport.reader, reader.letsWait(self) { return }
        pullSoon()
    }

    func pullSoon() { transport.perform { self.pull() } }

    /// Lets the handler fill buffers while the socket takes them.
    func pull() {
        // MUST come before the handler is called: whatever it queues from now on needs a new request.
        isPullRequested.store(false, ordering: .sequentiallyConsistent)
        hasMoreToSay = true
        // Writing a buffer may make the channel call back into this method when it becomes writable again.
        guard phase == .open, hasToldOpened, !writesPaused, !isPulling, let channel else { return }
        isPulling = true
        defer { isPulling = false }
        for _ in 0..<Self.pullsInARow {
            guard channel.isWritable, phase == .open, let handler else { return }
            var buffer = channel.allocator.buffer(capacity: usualFill)
            handler.connectionReady(self, fill: &buffer)
            let count = buffer.readableBytes
            guard count > 0 else {
                hasMoreToSay = false
                return
            }
            usualFill = min(max(count, usualFill / 2, Self.smallestBuffer), ConnectionLimits.writeChunk)
            channel.writeAndFlush(buffer).whenFailure { self.broke($0) }
        }
        requestWrite()
    }
}

extension TCPTransport {
    /// Handles received bytes and runs the turns that they wake, then writes what came of that.
    func read(_ body: () -> Void) {
        if isReading { return body() }
        isReading = true
        if let reader { reader.read(body) } else { body() }
        isReading = false
        while let next = pullsDue.popLast() { next.pull() }
    }

    /// Lets the loop run short turns of that pool; called before the first connection.
    func lend(to pool: WorkerPool) {
        let reader = ReadingWorker(pool)
        perform { self.reader = reader }
    }
}
