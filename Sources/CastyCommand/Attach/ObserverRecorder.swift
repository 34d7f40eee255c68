import CastyConsole
import CastyCore
import CastyObservability
import Foundation
import Synchronization

/// Writes what an observer sees into a recording, on a thread of its own, whatever the screen does.
final class ObserverRecorder: Sendable {
    /// The shortest time between two looks at the cluster.
    private static let pause = Duration.milliseconds(250)

    let path: String
    private let file: GrowingFile
    private let header: RecordingHeader
    private let wakeup = Wakeup()
    private let ends = Mutex(false)
    private let hasFailed = Mutex(false)
    private let ended = DispatchSemaphore(value: 0)

    /// - Throws: `RecordingError` if the file cannot be made.
    init(_ path: String, _ header: RecordingHeader) throws {
        guard let file = GrowingFile(path) else { throw RecordingError(reason: String(cString: strerror(errno))) }
        self.path = path
        self.file = file
        self.header = header
    }

    /// Whether everything could be written so far.
    var isWriting: Bool { !hasFailed.withLock { $0 } }

    /// Says that there may be something to record.
    func signal() { wakeup.signal() }

    /// Begins to record.
    ///
    /// - Parameters:
    ///   - look: The present snapshot, `nil` if there is none yet, and the events after a cursor.
    ///   - failed: Called when the file cannot be written any more, with the reason.
    func start(
        look: @escaping @Sendable (UInt64) -> (ClusterSnapshot?, EventPage),
        failed: @escaping @Sendable (String) -> Void
    ) {
        let thread = Thread { [self] in
            if let reason = record(look) {
                hasFailed.withLock { $0 = true }
                failed(reason)
            }
            ended.signal()
        }
        thread.name = "recorder"
        thread.start()
    }

    /// Records until it is stopped; returns why it could not go on.
    private func record(_ look: (UInt64) -> (ClusterSnapshot?, EventPage)) -> String? {
        var writer = RecordingWriter()
        var cursor: UInt64 = 0
        do {
            if let reason = file.append(try writer.begin(header)) { return reason }
            while true {
                // Before the look, so that the last one is after the end was asked for.
                let isLast = ends.withLock { $0 }
                let (snapshot, page) = look(cursor)
                if let snapshot {
                    cursor = page.next
                    let bytes = try writer.take(snapshot, events: page.events, missed: page.dropped)
                    if !bytes.isEmpty, let reason = file.append(bytes) { return reason }
                }
                if isLast { return nil }
                wakeup.wait(atMost: .seconds(1))
                if !ends.withLock({ $0 }) { Thread.sleep(forTimeInterval: Self.pause.inSeconds) }
            }
        } catch {
            return "\(error)"
        }
    }

    /// Records what has happened until now, and ends.
    func stop() {
        ends.withLock { $0 = true }
        wakeup.signal()
        ended.wait()
    }
}

/// Why a recording cannot be made.
struct RecordingError: Error {
    let reason: String
}
