import Glibc

/// The descriptors 0 to 2.
enum StandardStreams {
    /// Opens those that are closed, in a way that reading or writing still fails. Otherwise the next file or socket of
    /// the process gets the number of a closed one, and results are written into it.
    static func occupy() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // An opened file gets the lowest free number.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
