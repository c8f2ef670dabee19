;;; arch-mode.el --- Neural network architectures in .arch files  -*- lexical-binding: t; -*-

;; Emacs 29 or newer, which has eglot. Copy to a folder of `load-path' and write (require 'arch-mode).

;;; Code:

(require 'eglot)

(defvar arch-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?_ "w" table)
    table)
  "Comments from # to the end of the line.")

(define-derived-mode arch-mode prog-mode "arch"
  "Major mode for .arch files; the language server provides the rest."
  (setq-local comment-start "# ")
  (setq-local comment-end "")
  (setq-local indent-tabs-mode nil))

(add-to-list 'auto-mode-alist '("\\.arch\\'" . arch-mode))
(add-to-list 'eglot-server-programs '(arch-mode . ("archdsl" "lsp")))
(add-hook 'arch-mode-hook #'eglot-ensure)

(provide 'arch-mode)
;;; arch-mode.el ends here
