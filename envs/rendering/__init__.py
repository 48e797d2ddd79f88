"""Drawing of both worlds: plain data in, (height, width, 3) uint8 pictures out.

Nothing here opens a window except `window.Window`, and nothing needs OpenGL: the arm is drawn with
OpenGL where there is one (`gl`, `arm`) and by casting rays where there is none (`raycast`).
"""

import os

# pygame greets on standard output when it is first imported; a library should not.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
