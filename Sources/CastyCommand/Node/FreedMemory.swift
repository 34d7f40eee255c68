import CProcess
import Dispatch

/// Gives back what a node has freed.
///
/// The C library's heap has a part for each few threads, and takes more from the system for one while others have free
/// pages. In a cluster whose nodes come and go all day a node that holds 9 MB grew by a megabyte a minute.
enum FreedMemory {
    private static let pause = DispatchTimeInterval.seconds(30)

    /// Gives it back every 30 s as long as the process runs.
    static func releaseRegularly() {
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + pause) {
            release()
            releaseRegularly()
        }
    }

    /// Gives back the free pages of the whole heap.
    static func release() { cpr_trim_heap() }
}
