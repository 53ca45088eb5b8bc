"""How much one file and one page may ask of the machine."""

BYTES = 25 * 1024 * 1024  # of a file that is one picture
# 200 pages in colour at 300 dpi, as feeders make them, are 150 to 250 MB.
PILE = 400 * 1024 * 1024  # of a PDF or TIFF
PAGES = 300  # of one file
PIXELS = 80_000_000  # of one page; a phone of 50 megapixels is welcome
SIDE = 30_000  # pixels of the longer side
MEMORY = 1_500 * 1024 * 1024  # bytes, for the reading of one page
SECONDS = 20  # of a processor, for the reading of one page
PATIENCE = 3  # times that by the clock, on a machine that does other things as well
SHEETS = 4  # in one picture
