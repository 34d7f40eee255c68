import CProcess
import Dispatch

/// Gives back the memory that only the start of a process has needed.
///
/// The start of a node touches code of many parts once: it reads the arguments, registers types, founds or joins a
/// cluster. Those pages stay mapped as long as the system has memory, and are then two thirds of what a quiet node takes.
enum StartupMemory {
    /// When: at the end of a quick start, and of a slow one.
    private static let moments: [DispatchTimeInterval] = [.seconds(3), .seconds(30)]

    /// Gives it back 3 s and 30 s from now.
    ///
    /// What is used after that is mapped again, which takes a few milliseconds in all.
    static func releaseLater() {
        for moment in moments {
            DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + moment) { _ = release() }
        }
    }

    /// Gives it back.
    ///
    /// - Returns: The bytes of code and constants that may have been mapped; 0 where the system cannot do it.
    static func release() -> Int { Int(clamping: cpr_release_memory()) }
}
