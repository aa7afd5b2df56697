package io.graft.merge.cli;

import io.graft.engine.RunException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Thrown where the reader of stdout has gone ({@code graft inspect MODEL --all | head}): reason to stop, not to complain. */
final class ClosedPipe extends RuntimeException {

    private static final long serialVersionUID = 1;

    private ClosedPipe() { super("the reader of stdout has gone", null, false, false); }

    /** What PrintStream swallows, this tells: a pipe that was closed, or a disk that is full. */
    static final class Stream extends FilterOutputStream {

        Stream(OutputStream out) { super(out); }

        @Override
        public void write(byte[] bytes, int from, int count) {
            try {
                out.write(bytes, from, count);
            } catch (IOException error) {
                throw explained(error);
            }
        }

        @Override
        public void write(int b) { write(new byte[] {(byte) b}, 0, 1); }

        @Override
        public void flush() {
            try {
                out.flush();
            } catch (IOException error) {
                throw explained(error);
            }
        }

        private static RuntimeException explained(IOException error) {
            String message = error.getMessage();
            if (message != null && message.contains("Broken pipe")) return new ClosedPipe();
            return new RunException("stdout", "cannot be written: " + message, error);
        }
    }
}
